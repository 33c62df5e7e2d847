import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTsDemuxer } from '@bandstand/media/containers/mpegts/demuxer.ts'
import { REJECTION } from '@bandstand/media/protocols/srt/rejection.ts'
import { audioConfig, videoConfig } from '../../packager/fixtures/encoder.ts'
import type { SrtConnection } from '../../srt/port.ts'
import { createHub } from '../../stream/hub.ts'
import type { TimelineEvent } from '../../timeline/model.ts'
import { createPayloads } from './payloads.ts'
import { createSrtReading } from './reading.ts'

const caller = { remote: '192.0.2.1', streamId: 'read:main', library: 'SRT 1.5.1' }
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const statistics = {
  ...{ roundTrip: 1, latency: 120, buffered: 0, sent: { packets: 0, bytes: 0, resent: 0, dropped: 0 } },
  received: { packets: 0, bytes: 0, lost: 0, recovered: 0, dropped: 0, duplicates: 0, undecryptable: 0 },
}

const epoch = (id: number): TimelineEvent => ({
  ...{ kind: 'epoch-opened', id, start: 0, wallClock: 0, reason: 'encoder' },
  tracks: [
    { track: VIDEO_TRACK, config: videoConfig(), frameDuration: 0.04 },
    { track: AUDIO_TRACK, config: audioConfig(), frameDuration: 1024 / 48_000 },
  ],
})

/** A NAL unit of a slice, key or not. */
function picture(n: number, key: boolean): TimelineEvent {
  const data = new Uint8Array(3004).fill(0x55)
  data.set([0, 0, 11, 184, key ? 0x65 : 0x41, 0x88], 0)
  return { kind: 'unit', unit: { track: VIDEO_TRACK, dts: n * 3600, pts: n * 3600, key, data, arrivedAt: 0 } }
}

function stage() {
  const hub = createHub({ keep: true, onFault: (_reader, error) => assert.fail(String(error)) })
  const seen: string[] = []
  const reading = createSrtReading({
    find: (slug) => (slug === 'main' ? hub : undefined),
    channelNamed: (slug) => (slug === 'main' || slug === 'before' ? 'main' : undefined),
    seen: (slug) => void seen.push(slug),
    log: quiet,
  })
  const sent: Uint8Array[] = []
  let [waiting, closed] = [0, 0]
  const connection: SrtConnection = {
    send: (payload) => void sent.push(payload),
    payloadBytes: 1456,
    get waiting() {
      return waiting
    },
    statistics: () => statistics,
    close: () => void closed++,
  }
  const setWaiting = (packets: number) => (waiting = packets)
  return { hub, reading, connection, sent, seen, setWaiting, closed: () => closed }
}

test('a reader gets a transport stream of the next group on, in payloads of seven packets', async () => {
  const { hub, reading, connection, sent, seen } = stage()
  hub.publish(epoch(1))
  hub.publish(picture(0, true))
  const opened = reading.open(caller, 'main')
  if (!('serve' in opened)) return assert.fail('refused')
  const reader = opened.serve(connection)
  await Promise.resolve()
  for (let n = 1; n < 20; n++) hub.publish(picture(n, n % 10 === 0))
  reader.pass(0)
  assert.deepEqual(seen, ['main'])
  assert.ok(sent.length > 10)
  assert.ok(sent.slice(0, -1).every((payload) => payload.byteLength === 1316 && payload[0] === 0x47))
  const demuxer = createTsDemuxer()
  const events = [...sent.flatMap((payload) => demuxer.receive(payload)), ...demuxer.flush()]
  const units = events.filter((event) => event.type === 'unit')
  assert.deepEqual(
    units.map(({ key }) => key),
    [true, ...Array.from({ length: 9 }, () => false)],
  )
  reader.ended('shutdown')
  assert.equal(hub.readers, 0)
})

test('a channel that is not live is refused as not found', () => {
  const { reading, hub } = stage()
  const codeOf = (slug: string) => {
    const opened = reading.open(caller, slug)
    return 'refusal' in opened ? opened.refusal.rejection : undefined
  }
  assert.equal(codeOf('other'), REJECTION.notFound)
  assert.equal(codeOf('main'), undefined)
  hub.end()
  assert.equal(codeOf('main'), REJECTION.notFound)
})

test('a refusal names the channel where there is one, and nothing else that a reader sent', () => {
  const { reading } = stage()
  const channelOf = (slug: string) => {
    const opened = reading.open(caller, slug)
    return 'refusal' in opened ? opened.channel : 'let in'
  }
  assert.equal(channelOf('before'), 'main')
  assert.equal(channelOf('secret-key-1'), undefined)
})

test('nothing is taken for a reader whose packets wait, and the end of the broadcast ends it', async () => {
  const { hub, reading, connection, sent, setWaiting, closed } = stage()
  hub.publish(epoch(1))
  const opened = reading.open(caller, 'main')
  if (!('serve' in opened)) return assert.fail('refused')
  const reader = opened.serve(connection)
  await Promise.resolve()
  hub.publish(picture(0, true))
  setWaiting(5000)
  reader.pass(0)
  assert.equal(sent.length, 0)
  setWaiting(0)
  reader.pass(10)
  assert.ok(sent.length > 0)
  assert.equal(closed(), 0)
  hub.end()
  await Promise.resolve()
  reader.pass(20)
  assert.equal(closed(), 1)
})

test('payloads are whole packets, whatever the units were, and no byte is lost', () => {
  const sent: Uint8Array[] = []
  const payloads = createPayloads(1456, (payload) => void sent.push(payload))
  const all = Uint8Array.from({ length: 188 * 40 }, (_, i) => i % 251)
  let at = 0
  for (const packets of [1, 9, 7, 14, 3, 6]) {
    payloads.push(all.subarray(at, at + packets * 188))
    at += packets * 188
    if (packets === 3) payloads.flush()
  }
  payloads.flush()
  assert.deepEqual(Buffer.concat(sent), Buffer.from(all))
  assert.ok(sent.every(({ byteLength }) => byteLength % 188 === 0 && byteLength <= 1316))
})
