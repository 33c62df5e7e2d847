import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTsDemuxer } from '@bandstand/media/containers/mpegts/demuxer.ts'
import { REJECTION } from '@bandstand/media/protocols/srt/rejection.ts'
import { audioConfig, videoConfig } from '../../packager/fixtures/encoder.ts'
import type { SrtConnection } from '../../srt/port.ts'
import { createHub } from '../../stream/hub.ts'
import { HUB_LIMITS } from '../../stream/limits.ts'
import type { TimelineEvent } from '../../timeline/model.ts'
import { createPayloads } from './payloads.ts'
import { createSrtReading } from './reading.ts'

const caller = { remote: '192.0.2.1', streamId: 'read:main', library: 'SRT 1.5.1' }
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
  const lines = { debug: 0, more: 0 }
  const more = () => void lines.more++
  const log = { debug: () => void lines.debug++, info: more, warn: more, error: more }
  const reading = createSrtReading({
    find: (slug) => (slug === 'main' ? hub : undefined),
    channelNamed: (slug) => (slug === 'main' || slug === 'before' ? 'main' : undefined),
    seen: (slug) => void seen.push(slug),
    log,
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
  return { hub, reading, connection, sent, seen, lines, setWaiting, closed: () => closed }
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

test('readers of a channel leave room for all others of its hub, and come again when one has gone', () => {
  const { reading, hub, connection } = stage()
  const comes = () => reading.open(caller, 'main')
  const refused = () => {
    const opened = comes()
    return 'refusal' in opened && [opened.refusal.rejection, opened.channel]
  }
  const served = Array.from({ length: 47 }, () => {
    const opened = comes()
    return 'serve' in opened ? opened.serve(connection) : assert.fail('refused')
  })
  // One that is still being decided on counts.
  const last = comes()
  assert.deepEqual(refused(), [REJECTION.overload, 'main'])
  assert.equal(hub.readers, 48)
  if ('forget' in last) last.forget()
  assert.equal(refused(), false)
  assert.deepEqual(refused(), [REJECTION.overload, 'main'])
  served[0]?.ended('shutdown')
  assert.equal(hub.readers, 47)
  assert.equal(refused(), false)
})

test('a reader is refused, and told so, where others have taken the last place', () => {
  const { reading, hub } = stage()
  const other = {
    ...{ name: 'other', from: 'now' as const, maxBytes: 1, maxDuration: 1 },
    ...{ isUrgent: () => false, onReady() {} },
  }
  for (let i = 0; i < HUB_LIMITS.readers; i++) hub.read(other)
  const opened = reading.open(caller, 'main')
  assert.equal('refusal' in opened && opened.refusal.rejection, REJECTION.overload)
})

test('readers that come and go are no lines of the log, unless somebody looks for them', () => {
  const { reading, connection, lines } = stage()
  for (let i = 0; i < 200; i++) {
    const opened = reading.open(caller, 'main')
    if ('serve' in opened) opened.serve(connection).ended('shutdown')
  }
  assert.deepEqual([lines.debug, lines.more], [400, 0])
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
