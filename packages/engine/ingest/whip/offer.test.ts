import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BROUGHT_TRACKS } from '@bandstand/media/access-unit.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { parseIceFragment } from './fragment.ts'
import { readPublishOffer, type TakenOffer } from './offer.ts'
import { withSimulcast } from './simulcast.ts'

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')
const HEAD = `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 ${FINGERPRINT}\r\na=setup:actpass\r\n`

interface Section {
  readonly mid: string
  /** Codec as in `a=rtpmap`, with its `a=fmtp`. */
  readonly codecs: readonly (readonly [type: number, name: string, parameters?: string])[]
  readonly ssrc?: number
  readonly more?: readonly string[]
}

function section(kind: 'video' | 'audio', { mid, codecs, ssrc, more = [] }: Section): string {
  const lines = [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${codecs.map(([type]) => type).join(' ')}`,
    ...['c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=sendonly', 'a=rtcp-mux'],
    'a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    ...codecs.flatMap(([type, name, parameters]) => [
      `a=rtpmap:${type} ${name}`,
      ...['nack', 'nack pli', 'ccm fir', 'goog-remb', 'transport-cc'].map((value) => `a=rtcp-fb:${type} ${value}`),
      ...(parameters === undefined ? [] : [`a=fmtp:${type} ${parameters}`]),
    ]),
    ...(ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:c`]),
    ...more,
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

const H264 = [102, 'H264/90000', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'] as const
const VIDEO = section('video', { mid: '0', codecs: [[96, 'VP8/90000'], H264, [45, 'AV1/90000']], ssrc: 11 })
const SOUND = section('audio', { mid: '1', codecs: [[111, 'opus/48000/2']], ssrc: 12 })

function taken(text: string): TakenOffer {
  const offer = readPublishOffer(text)
  assert.ok(!('code' in offer), JSON.stringify(offer))
  return offer
}
const refused = (text: string) => {
  const offer = readPublishOffer(text)
  return 'code' in offer ? offer.code : 'taken'
}

test('of what a browser offers H.264 and Opus are taken, at the highest level', () => {
  const { video, audio, iceUfrag, sdp } = taken(HEAD + VIDEO + SOUND)
  assert.deepEqual(video, [
    {
      ...{ mid: '0', payloadType: 102, name: 'H264', codec: 'h264', rids: [], transportSequence: 4 },
      parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034',
      feedback: ['nack', 'nack pli', 'goog-remb', 'transport-cc'],
    },
  ])
  assert.equal(audio?.payloadType, 111)
  assert.match(audio?.parameters ?? '', /stereo=1/)
  assert.equal(iceUfrag, 'abcd')
  assert.deepEqual(
    parseSdp(sdp).media.map(({ mid, port }) => [mid, port]),
    [
      ['0', 9],
      ['1', 9],
    ],
  )
})

test('other codecs are taken where there is no H.264, and interleaved H.264 is not', () => {
  const codecOf = (...codecs: Section['codecs']) => {
    const offer = readPublishOffer(HEAD + section('video', { mid: '0', codecs }))
    return 'code' in offer ? offer.code : offer.video[0]?.codec
  }
  assert.equal(codecOf([96, 'VP8/90000'], [45, 'AV1/90000']), 'av1')
  assert.equal(codecOf([96, 'VP8/90000'], [98, 'VP9/90000', 'profile-id=0']), 'vp8')
  assert.equal(codecOf([49, 'H265/90000', 'level-id=93']), 'hevc')
  assert.equal(codecOf([49, 'H265/90000', 'sprop-max-don-diff=2']), 'no-codec')
  assert.equal(codecOf([98, 'VP9/90000', 'profile-id=2']), 'no-codec')
  assert.equal(codecOf([102, 'H264/90000', 'packetization-mode=2;profile-level-id=42e01f']), 'no-codec')
  assert.equal(codecOf([102, 'H264/90000', 'packetization-mode=0;profile-level-id=42e01f']), 'h264')
})

test('offers that cannot be answered are refused, with what to change', () => {
  assert.equal(refused('v=1\r\n'), 'bad-offer')
  assert.equal(refused(HEAD), 'no-codec')
  assert.equal(refused(HEAD.replace(/a=ice-pwd.*\r\n/, '') + VIDEO), 'bad-offer')
  assert.equal(refused(HEAD + VIDEO.replaceAll('sendonly', 'recvonly')), 'no-codec')
  assert.equal(refused(HEAD + VIDEO.replace(/a=rtcp-mux\r\n/, '')), 'no-codec')
})

const RIDS = [
  'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  ...['a=rid:q send', 'a=rid:f send', 'a=simulcast:send q;~f'],
]

test('restriction ids are taken where pictures are alone, and refused beside sound', () => {
  const simulcast = section('video', { mid: '0', codecs: [H264], more: RIDS })
  const { video } = taken(HEAD + simulcast)
  assert.deepEqual([video[0]?.rids, video[0]?.ridExtension], [['q', 'f'], 10])
  assert.equal(refused(HEAD + simulcast + SOUND), 'bad-offer')
  const answer = withSimulcast('m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=recvonly\r\n', video)
  assert.match(
    answer,
    /a=mid:0\r\na=extmap:10 \S+\r\na=rid:q recv\r\na=rid:f recv\r\na=simulcast:recv q;f\r\na=recvonly/,
  )
})

test('several sizes come as a section each, and no more of them than can be renditions', () => {
  const sections = Array.from({ length: 10 }, (_, n) => section('video', { mid: `v${n}`, codecs: [H264], ssrc: n + 1 }))
  const { video, sdp } = taken(HEAD + sections.join(''))
  assert.equal(video.length, BROUGHT_TRACKS.most)
  assert.equal(parseSdp(sdp).media.filter(({ port }) => port !== 0).length, BROUGHT_TRACKS.most)
})

test('what is said later of ICE is held against its grammar', () => {
  const candidate = 'a=candidate:1 1 UDP 2114977791 192.0.2.1 5000 typ host'
  const text = `a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n${candidate}\r\na=end-of-candidates\r\n`
  assert.deepEqual(parseIceFragment(text), { iceUfrag: 'abcd', candidates: 1 })
  assert.throws(() => parseIceFragment('a=candidate:1 1 UDP x\r\n'), { code: 'malformed' })
  assert.throws(() => parseIceFragment('a=ice-ufrag:a b\r\n'), { code: 'malformed' })
  assert.throws(() => parseIceFragment('v=0\r\n'), { code: 'malformed' })
})

test('no more sizes are taken than there are tracks for', () => {
  const rids = Array.from({ length: 8 }, (_, i) => `r${i}`)
  const simulcast = [
    'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    ...rids.map((rid) => `a=rid:${rid} send`),
    `a=simulcast:send ${rids.join(';')}`,
  ]
  const sizes = ({ video }: TakenOffer) => video.reduce((sum, own) => sum + Math.max(1, own.rids.length), 0)
  const sections = (count: number, more: readonly string[]) =>
    Array.from({ length: count }, (_, i) =>
      section('video', { mid: `${i}`, codecs: [H264], ssrc: 100 + i, more }),
    ).join('')
  for (const text of [sections(1, simulcast), sections(3, simulcast), sections(8, simulcast), sections(8, [])]) {
    assert.equal(sizes(taken(HEAD + text)), BROUGHT_TRACKS.most)
  }
})

test('parameter sets that stand in the offer are taken from it, of the codec that is chosen', () => {
  const sprop = 'sprop-parameter-sets=Z0LAKNoB4AifAA==,aM4PyA=='
  const { video } = taken(
    HEAD +
      section('video', {
        mid: '0',
        codecs: [
          [96, 'VP8/90000', sprop],
          [102, 'H264/90000', `packetization-mode=1;${sprop}`],
        ],
      }),
  )
  assert.equal(
    Buffer.from(video[0]?.parameterSets ?? []).toString('hex'),
    '0000000a6742c028da01e0089f000000000468ce0fc8',
  )
  assert.equal(video[0]?.parameters, 'packetization-mode=1;profile-level-id=42000a')
})
