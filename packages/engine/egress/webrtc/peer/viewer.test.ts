import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRtcp, printRtcp, type RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import { middleOfNtp, ntpTime } from '@bandstand/media/protocols/rtcp/report.ts'
import { isRtcp, parseRtp } from '@bandstand/media/protocols/rtp/packet.ts'
import { PEER_LIMITS } from '../limits.ts'
import type { AnsweredMedia } from '../messages.ts'
import { createExtensionBlocks } from './extensions.ts'
import { AUDIO, slice, VIDEO } from './fixtures.ts'
import type { RtpSource } from './sender.ts'
import { createPeerStream } from './stream.ts'
import { createViewer } from './viewer.ts'

const WALL = 1_700_000_000_000
const SOUND = Uint8Array.of(0xfc, 1, 2)

/** A viewer of a stream whose media time is wall clock less `WALL`. */
function stage(parts: { video?: boolean; media?: AnsweredMedia; retransmission?: RtpSource['retransmission'] } = {}) {
  const at = { now: 0 }
  const stream = createPeerStream(() => WALL + at.now)
  stream.epoch(undefined)
  const sent: string[] = []
  const bytes: string[] = []
  const rtcp: RtcpPacket[] = []
  const viewer = createViewer({
    session: 's',
    cname: 'c',
    ...(parts.video !== false && {
      video: {
        ...{ ssrc: 1, media: parts.media ?? VIDEO, timestampOffset: 1000, firstSequence: 0 },
        ...(parts.retransmission && { retransmission: parts.retransmission }),
      },
    }),
    audio: { ssrc: 2, media: AUDIO, timestampOffset: 2000, firstSequence: 0 },
    extensions: createExtensionBlocks(),
    write(kind, packet) {
      if (isRtcp(packet)) rtcp.push(...parseRtcp(packet))
      else {
        sent.push(`${kind} ${parseRtp(packet).timestamp}`)
        bytes.push(Buffer.from(packet).toString('hex'))
      }
    },
  })
  return {
    viewer,
    sent,
    bytes,
    rtcp,
    stream,
    picture(key: boolean) {
      viewer.picture(stream, stream.picture(slice(0, key), at.now * 90, key, at.now), key, at.now)
    },
    sound() {
      viewer.sound(stream, stream.sound(SOUND, at.now * 48, at.now), at.now)
    },
    at,
    answer: (...packets: readonly RtcpPacket[]) => viewer.rtcp(printRtcp(packets), at.now, WALL + at.now),
  }
}

test('sound begins with the first picture', () => {
  const { viewer, stream, sent, picture, sound, at } = stage()
  viewer.start(stream, 0)
  sound()
  assert.deepEqual(sent, [])
  at.now = 100
  picture(true)
  sound()
  assert.deepEqual(sent, ['video 10000', 'video 10000', 'audio 6800'])
})

test('without pictures sound begins at once', () => {
  const { viewer, stream, sent, sound } = stage({ video: false })
  viewer.start(stream, 0)
  sound()
  assert.deepEqual(sent, ['audio 2000'])
})

test('sender reports tie the clocks of both tracks to the same wall clock', () => {
  const { viewer, stream, rtcp, picture, sound, at } = stage()
  viewer.start(stream, 0)
  picture(true)
  sound()
  at.now = 500
  viewer.sendReport(WALL + 500)
  const reports = rtcp.filter((packet) => packet.type === 'sr')
  const time = ntpTime(WALL + 500)
  assert.deepEqual(
    reports.map(({ ssrc, ntpSeconds, ntpFraction, rtpTimestamp, packets }) => [
      ssrc,
      ntpSeconds,
      ntpFraction,
      rtpTimestamp,
      packets,
    ]),
    [
      [1, time.ntpSeconds, time.ntpFraction, 500 * 90 + 1000, 2],
      [2, time.ntpSeconds, time.ntpFraction, 500 * 48 + 2000, 1],
    ],
  )
  assert.ok(rtcp.some((packet) => packet.type === 'sdes' && packet.chunks[0]?.cname === 'c'))
})

test('nothing is reported before something was sent', () => {
  const { viewer, stream, rtcp } = stage()
  viewer.start(stream, 0)
  viewer.sendReport(WALL)
  assert.deepEqual(rtcp, [])
})

test('loss, round trip and estimate are read from what the receiver says', () => {
  const { viewer, stream, at, answer } = stage()
  viewer.start(stream, 0)
  at.now = 1000
  const { ntpSeconds, ntpFraction } = ntpTime(WALL + 900)
  const block = { fractionLost: 64, lost: 3, highestSequence: 9, jitter: 0 }
  const lastSr = middleOfNtp(ntpSeconds, ntpFraction)
  answer(
    {
      type: 'rr',
      ssrc: 9,
      reports: [
        { ssrc: 1, ...block, lastSr, delaySinceLastSr: Math.round(0.05 * 65_536) },
        { ssrc: 2, ...block, fractionLost: 200, lastSr: 0, delaySinceLastSr: 0 },
      ],
    },
    { type: 'remb', sender: 9, bitrate: 2_000_000, ssrcs: [1] },
  )
  const { loss, roundTrip, estimate } = viewer.takeReport(0)
  assert.equal(loss, 0.25)
  assert.ok(Math.abs((roundTrip ?? 0) - 50) < 1, `${roundTrip}`)
  assert.equal(estimate, 2_000_000)
  assert.equal(viewer.heardAt, 1000)
})

test('a reference time is answered', () => {
  const { viewer, stream, rtcp, answer } = stage()
  viewer.start(stream, 0)
  const referenceTime = ntpTime(WALL)
  answer({ type: 'xr', ssrc: 9, referenceTime, dlrr: [] })
  const lastRr = middleOfNtp(referenceTime.ntpSeconds, referenceTime.ntpFraction)
  // A compound packet begins with a report and has a name (RFC 3550 §6.1).
  assert.deepEqual(
    rtcp.map(({ type }) => type),
    ['rr', 'sdes', 'xr'],
  )
  assert.deepEqual(rtcp.at(-1), { type: 'xr', ssrc: 1, dlrr: [{ ssrc: 9, lastRr, delaySinceLastRr: 0 }] })
})

test('a reference time is not answered where that was not agreed upon', () => {
  const { viewer, stream, rtcp, answer } = stage({ media: { ...VIDEO, receiverRtt: false } })
  viewer.start(stream, 0)
  answer({ type: 'xr', ssrc: 9, referenceTime: ntpTime(WALL), dlrr: [] })
  assert.deepEqual(rtcp, [])
})

test('what the library hands on once for each source is asked once', () => {
  const { viewer, stream, rtcp, picture, answer } = stage({ retransmission })
  viewer.start(stream, 0)
  picture(true)
  const reports = [1, 2, 3].map((ssrc) => ({ ...block, ssrc, fractionLost: 0, highestSequence: 1 }))
  for (let copy = 0; copy < 3; copy++)
    answer(
      { type: 'rr', ssrc: 9, reports },
      { type: 'xr', ssrc: 9, referenceTime: ntpTime(WALL), dlrr: [] },
      { type: 'remb', sender: 9, bitrate: 2_000_000, ssrcs: [1] },
    )
  assert.equal(rtcp.filter(({ type }) => type === 'xr').length, 1)
  assert.equal(viewer.takeReport(0).reports, 2)
})

test('key frames are asked for by name, and a request that comes twice counts once', () => {
  const { viewer, stream, picture, answer, at } = stage()
  viewer.start(stream, 0)
  picture(true)
  const isAnswered = (packet: RtcpPacket) => {
    at.now += 10_000
    picture(true)
    answer(packet)
    const { isBehind } = viewer
    for (let n = 0; viewer.isBehind; n++) viewer.step(at.now + n * 5)
    return isBehind
  }
  assert.equal(isAnswered({ type: 'pli', sender: 9, media: 2 }), false)
  assert.equal(isAnswered({ type: 'pli', sender: 9, media: 1 }), true)
  const fir = (ssrc: number, sequence: number) => isAnswered({ type: 'fir', sender: 9, requests: [{ ssrc, sequence }] })
  assert.deepEqual([fir(2, 1), fir(1, 1), fir(1, 1), fir(1, 2)], [false, true, false, true])
})

test('only what was heard is told as a report', () => {
  const { viewer, stream, answer } = stage()
  viewer.start(stream, 0)
  assert.equal(viewer.takeReport(0).reports, 0)
  const block = { fractionLost: 64, lost: 3, highestSequence: 9, jitter: 0, lastSr: 0, delaySinceLastSr: 0 }
  answer({ type: 'rr', ssrc: 9, reports: [{ ssrc: 1, ...block }] }, { type: 'pli', sender: 9, media: 1 })
  assert.equal(viewer.takeReport(0).reports, 1)
  answer({ type: 'remb', sender: 9, bitrate: 2_000_000, ssrcs: [1] })
  assert.equal(viewer.takeReport(0).reports, 2)
})

test('lost pictures are sent again, sound is not, and rubbish changes nothing', () => {
  const { viewer, stream, picture, sent, answer } = stage()
  viewer.start(stream, 0)
  picture(true)
  answer({ type: 'nack', sender: 9, media: 2, sequences: [0] })
  assert.equal(viewer.resent, 0)
  answer({ type: 'nack', sender: 9, media: 1, sequences: [1, 4000] })
  viewer.rtcp(Uint8Array.of(0x81, 205, 0, 9), 0, WALL)
  assert.deepEqual([viewer.resent, sent.length], [1, 3])
})

const retransmission = { payloadType: 109, ssrc: 3, firstSequence: 0xffff }
const hexOf = (text: string) => text.replaceAll(' ', '')
const block = { lost: 0, jitter: 0, lastSr: 0, delaySinceLastSr: 0 }

test('who takes retransmissions gets lost pictures again as a stream of their own', () => {
  const { viewer, stream, picture, bytes, rtcp, answer, at } = stage({ retransmission })
  viewer.start(stream, 0)
  at.now = 10
  picture(true)
  const [first = '', second = ''] = bytes
  answer({ type: 'nack', sender: 9, media: 1, sequences: [1, 0] })
  // Version, marker and payload type; sequence; timestamp 10 ms × 90 + 1000; SSRC; the first number; the payload as it was.
  assert.equal(second.slice(0, 24), hexOf('80ec0001 0000076c 00000001'))
  assert.equal(bytes[2], hexOf('80edffff 0000076c 00000003 0001') + second.slice(24))
  assert.equal(bytes[3], hexOf('806d0000 0000076c 00000003 0000') + first.slice(24))
  assert.deepEqual([viewer.resent, viewer.packets], [2, 4])
  viewer.sendReport(WALL)
  // The source has no more packets for that (RFC 3550 §6.4.1).
  assert.equal(rtcp.find((packet) => packet.type === 'sr')?.packets, 2)
})

test('retransmissions go back as far as packets are kept: no replay window is in their way', () => {
  const resentOf = (parts: Parameters<typeof stage>[0]) => {
    const { viewer, stream, picture, answer } = stage(parts)
    viewer.start(stream, 0)
    for (let n = 0; n < PEER_LIMITS.retransmissionWindow; n++) picture(n === 0)
    const newest = PEER_LIMITS.retransmissionWindow * 2 - 1
    const asked = [PEER_LIMITS.resendWindow, PEER_LIMITS.retransmissionWindow - 1, PEER_LIMITS.retransmissionWindow]
    answer({ type: 'nack', sender: 9, media: 1, sequences: asked.map((back) => newest - back) })
    return viewer.resent
  }
  assert.deepEqual([resentOf({}), resentOf({ retransmission })], [0, 2])
})

test('what was sent again as a stream of its own is no loss, although the receiver counts it as such', () => {
  const { viewer, stream, picture, answer } = stage({ retransmission })
  const report = (fractionLost: number, highestSequence: number, delaySinceLastSr: number) => {
    answer({ type: 'rr', ssrc: 9, reports: [{ ...block, ssrc: 1, fractionLost, highestSequence, delaySinceLastSr }] })
    return viewer.takeReport(0)
  }
  viewer.start(stream, 0)
  for (let n = 0; n < 10; n++) picture(n === 0)
  assert.equal(report(0, 9, 1).loss, 0)
  answer({ type: 'nack', sender: 9, media: 1, sequences: [12] })
  // Two of ten, of which one was sent again.
  assert.ok(Math.abs(report(51, 19, 2).loss - 0.1) < 0.01)
  // The same report once more says nothing new.
  const twice = report(51, 19, 2)
  assert.deepEqual([Math.abs(twice.loss - 0.1) < 0.01, twice.reports], [true, 2])
  assert.equal(report(0, 19, 3).loss, 0)
})

test('what was sent again and lost again is lost', () => {
  const { viewer, stream, picture, answer } = stage({ retransmission })
  const report = (fractionLost: number, highestSequence: number, delaySinceLastSr: number) => {
    const facts = { ...block, fractionLost, delaySinceLastSr }
    const reports = [
      { ...facts, ssrc: 1, highestSequence },
      { ...facts, ssrc: 3, highestSequence: 0 },
    ]
    answer({ type: 'rr', ssrc: 9, reports })
    return viewer.takeReport(0).loss
  }
  viewer.start(stream, 0)
  for (let n = 0; n < 10; n++) picture(n === 0)
  report(0, 9, 1)
  // Ten packets, of which more than six were lost; nine were sent again, for some twice; of those as many were lost.
  answer({ type: 'nack', sender: 9, media: 1, sequences: [10, 11, 12, 13, 14, 15, 16, 17, 18] })
  assert.ok(Math.abs(report(160, 19, 2) - (0.625 - 0.9 * 0.375)) < 0.01)
})

test('a line is tried by the newest packets, sent once more with transport-wide numbers', () => {
  const media = { ...VIDEO, transportSequence: 4 }
  const { viewer, stream, picture, bytes, answer, at } = stage({ media, retransmission })
  viewer.start(stream, 0)
  picture(true)
  const [, second = ''] = bytes
  assert.deepEqual(viewer.takeReport(0).probed, { count: 0, isCarried: undefined })
  viewer.probe(1_000_000, 0)
  assert.equal(viewer.isBehind, true)
  let sent = 0
  for (; viewer.isBehind && at.now < 2_000; at.now += 5) {
    viewer.step(at.now)
    // All have come after the same time.
    const deltas = Array.from({ length: bytes.length - 2 - sent }, () => 0)
    if (deltas.length === 0) continue
    const referenceTime = Math.floor(at.now / 64)
    answer({ type: 'transport-feedback', sender: 9, media: 3, base: sent, referenceTime, count: 0, deltas })
    sent += deltas.length
  }
  // Extension 4 has 16 bits; the newest packet was the second one.
  assert.equal(bytes[2], hexOf('90edffff 000003e8 00000003 bede0001 41000000 0001') + second.slice(24))
  assert.equal(bytes[3]?.slice(24, 40), 'bede000141000100')
  assert.equal(viewer.takeReport(0).probed?.count, 1)
  assert.equal(viewer.resent, 0)
})

test('a probe is measured against what the line lost before it', () => {
  const probed = (fractionLost: number) => {
    const media = { ...VIDEO, transportSequence: 4 }
    const { viewer, stream, picture, bytes, answer, at } = stage({ media, retransmission })
    viewer.start(stream, 0)
    picture(true)
    answer({ type: 'rr', ssrc: 9, reports: [{ ...block, ssrc: 1, fractionLost, highestSequence: 1 }] })
    viewer.probe(1_000_000, 0)
    let sent = 0
    for (; viewer.isBehind && at.now < 3_000; at.now += 5) {
      viewer.step(at.now)
      const deltas = Array.from({ length: bytes.length - 2 - sent }, (_, n) => ((sent + n) % 10 === 0 ? undefined : 0))
      if (deltas.length === 0) continue
      const referenceTime = Math.floor(at.now / 64)
      answer({ type: 'transport-feedback', sender: 9, media: 3, base: sent, referenceTime, count: 0, deltas })
      sent += deltas.length
    }
    return viewer.takeReport(0).probed
  }
  assert.deepEqual(probed(0), { count: 1, isCarried: false })
  assert.deepEqual(probed(26), { count: 1, isCarried: true })
})

test('without what a probe needs none is sent', () => {
  for (const parts of [{ retransmission }, { media: { ...VIDEO, transportSequence: 4 } }]) {
    const { viewer, stream, picture } = stage(parts)
    viewer.start(stream, 0)
    picture(true)
    viewer.probe(1_000_000, 0)
    assert.deepEqual([viewer.isBehind, viewer.takeReport(0).probed], [false, undefined])
  }
})

test('a picture loss brings the newest key frame again', () => {
  const { viewer, stream, picture, sent, answer, at } = stage()
  viewer.start(stream, 0)
  picture(true)
  at.now = 40
  picture(false)
  answer({ type: 'pli', sender: 9, media: 1 })
  assert.equal(viewer.isBehind, true)
  viewer.step(40)
  viewer.step(45)
  assert.equal(sent.length, 8)
})
