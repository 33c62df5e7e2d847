import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRtcp, printRtcp, type RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import { DESK_LIMITS } from '../limits.ts'
import { type ReceivedVideo, SOUND } from '../messages.ts'
import { createEncoder } from './encoder.ts'
import type { ReceivedUnit } from './source.ts'

const KEY = [0x78, 0, 4, 0x67, 0x42, 0xc0, 0x1f, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x84]
const SLICE = [0x41, 0x9a, 0x02]
const FEEDBACK = ['nack', 'nack pli', 'goog-remb']

const VIDEO: ReceivedVideo = {
  ...{ mid: 'v', payloadType: 102, name: 'H264', parameters: '', feedback: FEEDBACK, codec: 'h264', rids: [] },
}
const AUDIO = { mid: 'a', payloadType: 111, name: 'opus', parameters: '', feedback: [] }

interface Rtp {
  readonly sequence: number
  readonly time?: number
  readonly payload?: readonly number[]
  readonly ssrc?: number
  readonly type?: number
  readonly rid?: string
}

/** A packet with its marker set; the restriction id as extension 10. */
function rtp({ sequence, time = sequence * 3_000, payload = SLICE, ssrc = 7, type = 102, rid }: Rtp): Uint8Array {
  // One byte of header, then the id; padding with zeros to a word (RFC 8285 §4.2).
  const extension =
    rid === undefined ? [] : [0xbe, 0xde, 0, 1, (10 << 4) | (rid.length - 1), ...Buffer.from(rid.padEnd(3, '\0'))]
  const head = Buffer.alloc(12)
  head.writeUInt8(rid === undefined ? 0x80 : 0x90, 0)
  head.writeUInt8(0x80 | type, 1)
  head.writeUInt16BE(sequence & 0xffff, 2)
  head.writeUInt32BE(time, 4)
  head.writeUInt32BE(ssrc, 8)
  return Buffer.concat([head, Uint8Array.from(extension), Uint8Array.from(payload)])
}

function stage(video: readonly ReceivedVideo[] = [VIDEO], bitrate = 10_000_000) {
  const said: RtcpPacket[] = []
  const units: (ReceivedUnit & { readonly source: number })[] = []
  const encoder = createEncoder(
    {
      ...{ session: 's', cname: 'c', ssrc: 1, video, audio: AUDIO, bitrate },
      write: (packet) => said.push(...parseRtcp(packet)),
      onUnit: (source, unit) => units.push({ source, ...unit }),
    },
    0,
  )
  return {
    ...{ encoder, units },
    send: (packet: Rtp, now: number, mid = 'v') => encoder.packet(mid, rtp(packet), now),
    /** What of a kind was said since the last time. */
    said<T extends RtcpPacket['type']>(type: T) {
      const found = said.filter((one): one is Extract<RtcpPacket, { type: T }> => one.type === type)
      said.length = 0
      return found
    },
  }
}

test('a key frame is asked for at once where the pictures begin without, and every two seconds', () => {
  const { encoder, units, send, said } = stage()
  send({ sequence: 1 }, 0)
  assert.deepEqual(said('pli'), [{ type: 'pli', sender: 1, media: 7 }])
  send({ sequence: 2, payload: KEY }, 30)
  for (let n = 3; n < 60; n++) {
    send({ sequence: n }, n * 30)
    encoder.tick(n * 30)
  }
  assert.deepEqual(said('pli'), [])
  encoder.tick(30 + DESK_LIMITS.keyMs)
  assert.equal(said('pli').length, 1)
  encoder.tick(130 + DESK_LIMITS.keyMs)
  assert.equal(said('pli').length, 0, 'it is given time')
  assert.equal(units.length, 58)
  assert.deepEqual([units[0]?.key, units[1]?.key], [true, false])
})

test('what is missing is asked for, and pictures are in order when it comes', () => {
  const { encoder, units, send, said } = stage()
  send({ sequence: 1, payload: KEY }, 0)
  send({ sequence: 3 }, 66)
  send({ sequence: 4 }, 99)
  said('nack')
  assert.equal(encoder.isWaiting, true)
  encoder.step(66 + DESK_LIMITS.stepMs)
  assert.deepEqual(said('nack')[0]?.sequences, [2])
  send({ sequence: 2 }, 120)
  assert.deepEqual(
    units.map(({ time }) => time - (units[0]?.time ?? 0)),
    [0, 3_000, 6_000, 9_000],
  )
  assert.equal(encoder.report(1_000).recovered, 1)
})

test('what never comes costs the pictures up to the next key frame, which is asked for', () => {
  const { encoder, units, send, said } = stage()
  send({ sequence: 1, payload: KEY }, 0)
  send({ sequence: 3 }, 66)
  encoder.step(66 + DESK_LIMITS.holdVideoMs)
  assert.equal(said('pli').length, 1)
  send({ sequence: 4 }, 600)
  send({ sequence: 5, payload: KEY }, 640)
  assert.deepEqual(
    units.map(({ key }) => key),
    [true, true],
  )
  const { lost, dropped } = encoder.report(1_000)
  assert.deepEqual([lost, dropped], [1, 2])
})

test('sound goes on whatever the pictures do, and what stalls holds up nothing', () => {
  const { units, send } = stage()
  send({ sequence: 1, payload: KEY }, 0)
  send({ sequence: 3 }, 20)
  for (let n = 0; n < 5; n++) send({ sequence: n, time: n * 960, payload: [0xfc, n], ssrc: 8, type: 111 }, n * 20, 'a')
  assert.equal(units.filter(({ source }) => source === SOUND).length, 5)
})

test('the encoder is told of loss, of the highest rate, and of its own reports', () => {
  const { encoder, send, said } = stage()
  for (let n = 0; n < 10; n++) if (n !== 5) send({ sequence: n, payload: KEY }, n * 10)
  const report = { ssrc: 7, ntpSeconds: 1, ntpFraction: 0, rtpTimestamp: 0, packets: 1, octets: 1, reports: [] }
  encoder.packet('v', printRtcp([{ type: 'sr', ...report }]), 100)
  encoder.tick(DESK_LIMITS.reportMs)
  encoder.tick(DESK_LIMITS.reportMs * 2)
  const { encoder: again, said: saidAgain, send: sendAgain } = stage()
  sendAgain({ sequence: 1, payload: KEY }, 0)
  again.tick(DESK_LIMITS.reportMs)
  assert.deepEqual(saidAgain('remb')[0]?.ssrcs, [7])
  const [first] = said('rr').filter(({ reports }) => reports.length > 0)
  assert.deepEqual([first?.reports[0]?.fractionLost, first?.reports[0]?.lastSr], [25, 0x10000])
})

test('arrivals are told where they were agreed upon', () => {
  const { encoder, said } = stage([{ ...VIDEO, transportSequence: 10 }])
  // As in `rtp`: the extension's first two bytes are the number.
  encoder.packet('v', rtp({ sequence: 1, payload: KEY, rid: 'ab' }), 64)
  encoder.tick(DESK_LIMITS.arrivalsMs)
  assert.deepEqual(
    said('transport-feedback').map(({ base, deltas }) => [base, deltas]),
    [[0x6162, [0]]],
  )
})

test('restriction ids tell the sizes apart, and what names none is nobody’s', () => {
  const { units, send } = stage([{ ...VIDEO, rids: ['q', 'f'], ridExtension: 10 }])
  send({ sequence: 1, payload: KEY, ssrc: 20, rid: 'f' }, 0)
  send({ sequence: 1, payload: KEY, ssrc: 21, rid: 'x' }, 0)
  send({ sequence: 1, payload: KEY, ssrc: 22 }, 0)
  assert.deepEqual(
    units.map(({ source }) => source),
    [1],
  )
  send({ sequence: 1, payload: KEY, ssrc: 23, rid: 'q' }, 0)
  assert.deepEqual(
    units.map(({ source }) => source),
    [1, 0],
  )
})

test('thousands of sources are one, until it falls silent', () => {
  const { units, send } = stage()
  send({ sequence: 1, payload: KEY, ssrc: 7 }, 0)
  for (let ssrc = 100; ssrc < 5_000; ssrc++) send({ sequence: 1, payload: KEY, ssrc }, 10)
  assert.equal(units.length, 1)
  send({ sequence: 9, payload: KEY, ssrc: 8 }, DESK_LIMITS.replacedMs + 1)
  assert.equal(units.length, 2)
})

test('an encoder that sends far more than is allowed is sent away', () => {
  const { encoder, send } = stage([VIDEO], 100_000)
  const payload = [0x41, ...Array.from({ length: 1_200 }, () => 1)]
  for (let n = 0; n < 600; n++) {
    send({ sequence: n, payload }, n * 10)
    encoder.tick(n * 10)
  }
  assert.match(encoder.fault ?? '', /lower its bitrate/)
})

test('garbage is counted and harms nothing', () => {
  const { encoder, units, send } = stage()
  send({ sequence: 1, payload: KEY }, 0)
  let seed = 3
  for (let n = 0; n < 2_000; n++) {
    const bytes = Uint8Array.from({ length: n % 60 }, () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) >> 8)
    encoder.packet(n % 2 === 0 ? 'v' : 'a', bytes, n)
  }
  send({ sequence: 2 }, 30)
  assert.equal(units.at(-1)?.source, 0)
  assert.ok(encoder.report(1_000).malformed > 0)
})
