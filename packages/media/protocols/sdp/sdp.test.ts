import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { MediaError } from '../../error.ts'
import { chooseAudio, chooseVideo } from './choose.ts'
import { parseProfileLevelId, profileFit } from './h264-profile.ts'
import { parseSdp } from './parse.ts'
import { printSdp, withOnly, withoutCandidates } from './print.ts'

const chromium = readFileSync(new URL('fixtures/chromium-156-recvonly.sdp', import.meta.url), 'latin1')
const simulcast = readFileSync(new URL('corpus/sdp/simulcast', import.meta.url), 'latin1')
const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected
const profile = (text: string) => parseProfileLevelId(text) ?? assert.fail(text)

const HEAD = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'
const section = (...lines: string[]) => `${HEAD}${lines.map((line) => `${line}\r\n`).join('')}`
const VIDEO = 'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98'
const video = (...lines: string[]) => section(VIDEO, 'a=mid:v', 'a=recvonly', 'a=rtcp-mux', ...lines)

describe('an offer of Chromium', () => {
  const offer = parseSdp(chromium)

  test('has its sections, transport and codecs read', () => {
    assert.deepEqual(offer.bundles, [['0', '1']])
    assert.deepEqual(
      offer.media.map(({ kind, mid, direction, receiverRtt }) => [kind, mid, direction, receiverRtt]),
      [
        ['video', '0', 'recvonly', 'all'],
        ['audio', '1', 'recvonly', 'all'],
      ],
    )
    const transport = offer.media[0]?.transport
    assert.equal(transport?.iceUfrag, 'WPQk')
    assert.equal(transport?.icePwd, 'xjr25pMkgJfp0Gyfqb4Kq9Ku')
    assert.equal(transport?.setup, 'actpass')
    assert.equal(transport?.fingerprints[0]?.algorithm, 'sha-256')
    assert.deepEqual(
      offer.media[0]?.codecs.find(({ payloadType }) => payloadType === 102),
      {
        payloadType: 102,
        name: 'H264',
        clockRate: 90_000,
        parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
        feedback: ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'],
      },
    )
  })

  test('is answered with H.264 of the same profile, its rtx and the extensions of use', () => {
    assert.deepEqual(chooseVideo(offer, profile('42c028')), {
      mid: '0',
      payloadType: 108,
      extensions: { absSendTime: 2, playoutDelay: 5, transportSequence: 4 },
      feedback: ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'],
      receiverRtt: true,
      parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e028',
      retransmission: 109,
    })
    assert.equal(chooseVideo(offer, profile('4d401f'))?.payloadType, 116)
    assert.ok(chooseVideo(offer, profile('640028')))
  })

  test('is answered with Opus', () => {
    const audio = chooseAudio(offer)
    assert.deepEqual(
      [audio?.mid, audio?.payloadType, audio?.extensions],
      ['1', 111, { absSendTime: 2, transportSequence: 4 }],
    )
  })

  test('keeps what is taken, and refuses the rest', () => {
    const taken = withOnly(offer, ['1'])
    assert.deepEqual(taken.bundles, [['1']])
    assert.deepEqual(
      taken.media.map(({ mid, port, codecs, formats }) => [mid, port, codecs.length > 0, formats.length > 0]),
      [
        ['0', 0, false, true],
        ['1', 9, true, true],
      ],
    )
    assert.deepEqual(taken.media[1], offer.media[1])
    assert.deepEqual(parseSdp(printSdp(taken)), taken)
    assert.deepEqual(withOnly(offer, []).bundles, [])
  })

  test('prints to what reads the same', () => {
    assert.deepEqual(parseSdp(printSdp(offer)), offer)
  })

  test('cut anywhere is read or refused with a MediaError', () => {
    for (let end = 0; end < chromium.length; end += 7) {
      try {
        parseSdp(chromium.slice(0, end))
      } catch (error) {
        assert.ok(error instanceof MediaError, `cut at ${end}: ${String(error)}`)
      }
    }
  })
})

test('an offer with simulcast, sources and candidates is read, and printed without candidates', () => {
  const offer = parseSdp(simulcast)
  const [section] = offer.media
  assert.deepEqual(section?.rids, [
    { id: 'h', direction: 'send' },
    { id: 'l', direction: 'send', restrictions: 'pt=96;max-width=320' },
  ])
  assert.deepEqual(section?.simulcast, { send: 'h;~l' })
  assert.deepEqual(section?.sourceGroups, [{ semantics: 'FID', ssrcs: [1111, 2222] }])
  assert.deepEqual(section?.sources[0], { ssrc: 1111, attribute: 'cname', value: 'c' })
  assert.equal(section?.candidates.length, 2)
  assert.deepEqual(parseSdp(printSdp(offer)), offer)
  const text = printSdp(withoutCandidates(offer))
  assert.ok(!text.includes('candidate'))
  assert.deepEqual(parseSdp(text), withoutCandidates(offer))
})

test('transport of the session holds in sections that say nothing', () => {
  const offer = parseSdp(`${HEAD}a=ice-lite\r\na=ice-ufrag:abcd\r\na=setup:active\r\n${VIDEO}\r\na=setup:passive\r\n`)
  assert.deepEqual(
    [offer.media[0]?.transport.iceUfrag, offer.media[0]?.transport.setup, offer.media[0]?.transport.iceLite],
    ['abcd', 'passive', true],
  )
})

test('options of ICE may be separated by commas, as libdatachannel writes them', () => {
  const offer = parseSdp(`${HEAD}a=ice-options:ice2,trickle\r\n${VIDEO}\r\n`)
  assert.deepEqual(offer.transport.iceOptions, ['ice2', 'trickle'])
})

test('lines may end without CR, and what is not known is read over', () => {
  const offer = parseSdp(`${HEAD}b=AS:1\r\n${VIDEO}\r\na=x-new:1\r\na=mid:7\r\n`.replaceAll('\r', ''))
  assert.equal(offer.media[0]?.mid, '7')
})

const malformed: readonly (readonly [string, string])[] = [
  ['no version', 'o=- 1 2 IN IP4 127.0.0.1\r\n'],
  ['no origin', 'v=0\r\ns=-\r\n'],
  ['a line that is none', `${HEAD}hello\r\n`],
  ['a section that is not known', section('m=text 9 RTP/AVP 96')],
  ['a payload type above 127', section('m=video 9 UDP/TLS/RTP/SAVPF 128')],
  ['a payload type with a sign', section('m=video 9 UDP/TLS/RTP/SAVPF -1')],
  ['a port above 65535', section('m=video 65536 UDP/TLS/RTP/SAVPF 96')],
  ['a user fragment with a space', video('a=ice-ufrag:ab cd')],
  ['a short password', video('a=ice-pwd:short')],
  ['a fingerprint of the wrong length', video(`a=fingerprint:sha-256 ${Array(20).fill('AA').join(':')}`)],
  ['a fingerprint of an unknown function', video(`a=fingerprint:constructor ${Array(32).fill('AA').join(':')}`)],
  ['a setup that is none', video('a=setup:both')],
  ['an rtpmap with letters for a clock', video('a=rtpmap:96 H264/fast')],
  ['an rtpmap with a huge clock', video('a=rtpmap:96 H264/99999999999999')],
  ['a header extension 0', video('a=extmap:0 urn:x')],
  ['an SSRC above 32 bits', video('a=ssrc:4294967296 cname:c')],
  ['a control character', video('a=fmtp:96 a=\u0001')],
  ['two sections of one mid', section(VIDEO, 'a=mid:v', VIDEO, 'a=mid:v')],
  ['a group of a mid that does not exist', `${HEAD}a=group:BUNDLE w\r\n${VIDEO}\r\na=mid:v\r\n`],
  ['a mid twice in groups', `${HEAD}a=group:BUNDLE v v\r\n${VIDEO}\r\na=mid:v\r\n`],
]

for (const [name, text] of malformed) {
  test(`${name} is malformed`, () => assert.throws(() => parseSdp(text), code('malformed')))
}

test('text, lines, one line and sections are bounded', () => {
  assert.throws(() => parseSdp('v=0\n'.repeat(20_000)), code('too-large'))
  assert.throws(() => parseSdp('v=0\n'.repeat(2001)), code('too-large'))
  assert.throws(() => parseSdp(`${HEAD}a=${'x'.repeat(1025)}`), code('too-large'))
  assert.throws(() => parseSdp(HEAD + `${VIDEO}\r\n`.repeat(17)), code('too-large'))
})

test('what counts for many payload types or sections is bounded', () => {
  const feedback = Array.from({ length: 17 }, (_, i) => `a=rtcp-fb:* x-${i}`)
  assert.throws(() => parseSdp(video('a=rtpmap:96 H264/90000', ...feedback)), code('too-large'))
  const fingerprint = `a=fingerprint:sha-1 ${Array(20).fill('AA').join(':')}\r\n`
  assert.throws(() => parseSdp(HEAD + fingerprint.repeat(9)), code('too-large'))
})

describe('the choice of video', () => {
  const h264 = (payloadType: number, parameters: string) => [
    `a=rtpmap:${payloadType} h264/90000`,
    `a=fmtp:${payloadType} ${parameters}`,
  ]
  const choose = (stream: string, ...lines: string[]) => chooseVideo(parseSdp(video(...lines)), profile(stream))

  test('takes packetization-mode 1 only', () => {
    assert.equal(
      choose('42c01f', ...h264(96, 'profile-level-id=42e01f'), ...h264(97, 'packetization-mode=0')),
      undefined,
    )
  })

  test('prefers a wider profile to a foreign one, and a sufficient level to a low one', () => {
    const high = h264(96, 'packetization-mode=1;profile-level-id=64000a')
    const main = h264(97, 'packetization-mode=1;profile-level-id=4d0028')
    const baseline = h264(98, 'packetization-mode=1;profile-level-id=42001f')
    assert.equal(choose('4d4028', ...baseline, ...high)?.payloadType, 96)
    assert.equal(choose('42c028', ...high, ...main)?.payloadType, 97)
    assert.equal(choose('64001f', ...baseline, ...main)?.payloadType, 97)
  })

  test('finds the stream of retransmissions of that payload type, where lost packets are asked for', () => {
    const own = ['a=rtpmap:98 rtx/90000', 'a=fmtp:98 apt=96']
    const retransmission = (...lines: string[]) =>
      choose('42e01f', ...h264(96, 'packetization-mode=1'), ...lines)?.retransmission
    assert.equal(retransmission('a=rtcp-fb:96 nack', ...own), 98)
    assert.equal(retransmission('a=rtcp-fb:96 nack pli', ...own), undefined)
    assert.equal(retransmission('a=rtcp-fb:96 nack', 'a=rtpmap:98 rtx/90000', 'a=fmtp:98 apt=97'), undefined)
    assert.equal(retransmission('a=rtcp-fb:96 nack', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=96'), undefined)
  })

  test('follows the order of the m= line among equals', () => {
    const codecs = [98, 97].flatMap((type) => h264(type, 'packetization-mode=1;profile-level-id=42e01f'))
    assert.equal(choose('42e01f', ...codecs)?.payloadType, 97)
  })

  test('never answers with a higher level than offered unless both may have their own', () => {
    assert.equal(
      choose('42e028', ...h264(96, 'packetization-mode=1;profile-level-id=42e01f'))?.parameters,
      'packetization-mode=1;profile-level-id=42e01f',
    )
  })

  test('reads over a malformed profile', () => {
    assert.equal(choose('42e01f', ...h264(96, 'packetization-mode=1;profile-level-id=42e01fff')), undefined)
  })

  test('needs a section that receives, is open and multiplexes RTCP', () => {
    const codec = h264(96, 'packetization-mode=1;profile-level-id=42e01f')
    const offer = (...lines: string[]) =>
      chooseVideo(parseSdp(section(...lines, 'a=mid:v', ...codec)), profile('42e01f'))
    assert.ok(offer(VIDEO, 'a=rtcp-mux'))
    assert.equal(offer(VIDEO), undefined)
    assert.equal(offer(VIDEO, 'a=rtcp-mux', 'a=sendonly'), undefined)
    assert.equal(offer('m=video 0 UDP/TLS/RTP/SAVPF 96', 'a=rtcp-mux'), undefined)
    assert.ok(offer('m=video 0 UDP/TLS/RTP/SAVPF 96', 'a=rtcp-mux', 'a=bundle-only'))
    assert.equal(offer('m=video 9 RTP/AVP 96', 'a=rtcp-mux'), undefined)
  })

  test('leaves out extensions that need two bytes, or that the peer only sends', () => {
    const time = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
    const codec = h264(96, 'packetization-mode=1')
    assert.deepEqual(choose('42000a', ...codec, `a=extmap:15 ${time}`)?.extensions, {})
    assert.deepEqual(choose('42000a', ...codec, `a=extmap:3/sendonly ${time}`)?.extensions, {})
    assert.deepEqual(choose('42000a', ...codec, `a=extmap:3/recvonly ${time}`)?.extensions, { absSendTime: 3 })
  })
})

test('profiles are told apart by their constraint flags', () => {
  const fit = (stream: string, offered: string) => profileFit(profile(stream), profile(offered))
  assert.equal(fit('42c01f', '42e01f'), 'same') // constrained Baseline twice
  assert.equal(fit('4d801f', '42e01f'), 'same') // Main with constraint_set0 is constrained Baseline
  assert.equal(fit('42c01f', '42001f'), 'wider')
  assert.equal(fit('640c1f', '64001f'), 'wider')
  assert.equal(fit('42001f', '4d001f'), 'foreign') // Baseline may reorder slices, Main may not
  assert.equal(fit('64001f', '640c1f'), 'foreign')
  assert.equal(fit('f4001f', 'f4001f'), 'same')
  assert.equal(fit('f4001f', '7a001f'), 'foreign')
})
