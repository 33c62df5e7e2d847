import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEncoder } from '@bandstand/engine/ingest/whip/peer/encoder.ts'
import type { ReceivedUnit } from '@bandstand/engine/ingest/whip/peer/source.ts'
import { packetizeH264 } from '@bandstand/media/protocols/rtp/h264.ts'
import { packetizeOpus } from '@bandstand/media/protocols/rtp/opus.ts'
import { isRtcp } from '@bandstand/media/protocols/rtp/packet.ts'
import type { RtpClip } from './clip.ts'
import { createSender, type Kind } from './sender.ts'

/** A NAL unit behind its length. */
function nal(first: number, length: number): Buffer {
  const unit = Buffer.alloc(4 + length, 0x55)
  unit.writeUInt32BE(length)
  unit[4] = first
  return unit
}

const SETS = Buffer.from('00000004 6742c01f 00000004 68ce3c80'.replaceAll(' ', ''), 'hex')
const PICTURE_MS = 40
/** A key frame of 20 kB and 24 other pictures, with 50 packets of sound. */
const CLIP: RtpClip = {
  duration: 1_000,
  video: Array.from({ length: 25 }, (_, i) => ({
    time: i * PICTURE_MS,
    payloads:
      i === 0
        ? packetizeH264(nal(0x65, 20_000), SETS, 1_160)
        : packetizeH264(nal(0x41, 3_000), new Uint8Array(), 1_160),
  })),
  audio: Array.from({ length: 50 }, (_, i) => ({
    time: i * 20,
    payloads: [packetizeOpus(Buffer.alloc(80, i), 1_160)],
  })),
}

/** Sender and receiver, a step each 5 ms. @param isLost by the number of the packet of pictures */
function run(ms: number, isLost: (packet: number) => boolean = () => false) {
  const units: (ReceivedUnit & { readonly source: number; readonly at: number })[] = []
  const written: { readonly kind: Kind; readonly at: number; readonly bytes: number }[] = []
  let now = 5_000
  let pictures = 0
  const section = { parameters: '', rids: [], transportSequence: 3 }
  const receiver = createEncoder(
    {
      ...{ session: 's', cname: 'c', ssrc: 1, bitrate: 10_000_000 },
      video: [{ ...section, mid: 'video', payloadType: 102, name: 'H264', codec: 'h264', feedback: ['nack'] }],
      audio: { ...section, mid: 'audio', payloadType: 111, name: 'opus', feedback: [] },
      write: (packet) => sender.hear(packet),
      onUnit: (source, unit) => units.push({ source, at: now, ...unit }),
    },
    now,
  )
  const sender = createSender(
    {
      ...{ clip: CLIP, cname: 'c', transportSequence: 3, wallClock: 1.7e12 },
      ...{ video: { ssrc: 7, payloadType: 102 }, audio: { ssrc: 8, payloadType: 111 } },
      write(kind, packet) {
        written.push({ kind, at: now, bytes: packet.byteLength })
        if (kind === 'video' && !isRtcp(packet) && isLost(pictures++)) return
        receiver.packet(kind, Uint8Array.from(packet), now)
      },
    },
    now,
  )
  for (const end = now + ms; now < end; now += 5) {
    sender.step(now)
    receiver.step(now)
    receiver.tick(now)
  }
  const of = (kind: Kind) => units.filter(({ source }) => (source === 0) === (kind === 'video'))
  return { sender, written, video: of('video'), audio: of('audio'), report: receiver.report(now) }
}

test('the clip comes whole and at its own pace, round after round', () => {
  const { video, audio, report } = run(3_500)
  assert.deepEqual([report.lost, report.dropped, report.malformed], [0, 0, 0])
  assert.equal(video.filter(({ key }) => key).length, 4)
  assert.ok(video.length >= 86 && video.length <= 88, `${video.length} pictures`)
  assert.ok(audio.length >= 173 && audio.length <= 175, `${audio.length} packets of sound`)
  // Until the first reports have come the receiver goes by arrival, which a key frame holds up.
  const settled = video.filter(({ at }) => at > 7_000)
  const distances = settled.slice(1).map(({ time }, i) => time - (settled[i]?.time ?? 0))
  assert.deepEqual(new Set(distances), new Set([PICTURE_MS * 90]))
})

test('picture and sound of the same moment have the same time once reports have come', () => {
  const { video, audio } = run(8_000)
  const last = video.filter(({ key }) => key).at(-1)
  const nearest = Math.min(...audio.map(({ time }) => Math.abs(time - (last?.time ?? 0))))
  assert.ok(nearest <= 90, `${nearest} ticks of 90 kHz`)
})

test('a key frame does not leave at once', () => {
  const { written } = run(400)
  const steps = Map.groupBy(written, ({ at }) => at)
  const most = Math.max(...[...steps.values()].map((packets) => packets.reduce((sum, { bytes }) => sum + bytes, 0)))
  assert.ok(most < 8_000, `${most} bytes in one step`)
})

test('what was lost is sent again when it is asked for', () => {
  const { sender, video, report } = run(2_000, (packet) => packet % 10 === 4)
  assert.ok(report.recovered >= 10, JSON.stringify(report))
  assert.deepEqual([report.lost, report.dropped], [0, 0])
  assert.equal(sender.resent, report.recovered)
  assert.ok(video.length >= 46, `${video.length} pictures`)
})
