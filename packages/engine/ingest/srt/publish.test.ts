import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTsMuxer } from '@bandstand/media/containers/mpegts/muxer.ts'
import { REJECTION } from '@bandstand/media/protocols/srt/rejection.ts'
import type { SrtStatistics } from '@bandstand/media/protocols/srt/session/statistics.ts'
import { videoConfig } from '../../packager/fixtures/encoder.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import type { SrtConnection } from '../../srt/port.ts'
import { FakePort } from '../rtmp/testing/fake-port.ts'
import { createLineWindow } from './line.ts'
import { createSrtPublishing } from './publish.ts'

const received = { packets: 0, bytes: 0, lost: 0, recovered: 0, dropped: 0, duplicates: 0, undecryptable: 0 }
const statistics: SrtStatistics = {
  ...{
    roundTrip: 80.04747260042,
    latency: 200,
    buffered: 190,
    received,
    sent: { packets: 0, bytes: 0, resent: 0, dropped: 0 },
  },
}
const caller = { remote: '192.0.2.1', streamId: 'publish:good-key-1', library: 'SRT 1.5.1' }

function stage(bitrate = 100e6) {
  const lines: [string, Readonly<Record<string, unknown>>][] = []
  const write = (fields: object, message: string) => void lines.push([message, { ...fields }])
  const log = { debug: write, info: write, warn: write, error: write }
  const publishPort = new FakePort()
  const refusals = createRefusalLog(log)
  const publishing = createSrtPublishing({ publishPort, log, refusals, limits: { bitrate, bitrateWindowMs: 5000 } })
  let closed = 0
  const connection: SrtConnection = {
    ...{ send() {}, payloadBytes: 1456, waiting: 0, statistics: () => statistics },
    close: () => void closed++,
  }
  return { publishing, publishPort, connection, lines, refusals, closed: () => closed }
}

/** A transport stream of key pictures. */
function pictures(count: number): Uint8Array[] {
  const muxer = createTsMuxer()
  muxer.begin([{ track: VIDEO_TRACK, config: videoConfig() }])
  return Array.from({ length: count }, (_, n) => {
    const data = new Uint8Array(2004).fill(0x55)
    data.set([0, 0, 7, 208, 0x65, 0x88], 0)
    return muxer.write({ track: VIDEO_TRACK, dts: n * 3000, pts: n * 3000, key: true, data })
  })
}

test('an encoder is asked for by its key, and its transport stream becomes units', async (t) => {
  const { publishing, publishPort, connection, lines, refusals } = stage()
  t.after(() => refusals.close())
  const opened = await publishing.open(caller, 'good-key-1')
  if (!('serve' in opened)) return assert.fail('refused')
  const encoder = opened.serve(connection)
  for (const bytes of pictures(20)) encoder.payload(bytes)
  encoder.pass(0)
  encoder.ended('shutdown')
  const [publisher] = publishPort.publishers
  const { protocol, key, encoder: library, line } = publishPort.requests[0] ?? assert.fail()
  assert.deepEqual([protocol, key, library], ['srt', 'good-key-1', 'SRT 1.5.1'])
  assert.equal(line?.().roundTrip, 80.04747260042)
  assert.equal(publisher?.units.length, 20)
  assert.deepEqual(publisher?.ends, ['unpublished'])
  assert.doesNotMatch(JSON.stringify(lines), /good-key/)
  assert.equal(lines.find(([message]) => message === 'srt: encoder unpublished')?.[1]['roundTrip'], 80)
})

test('refusals have a code of their own each, and an encoder without a key is told its form', async (t) => {
  const { publishing, refusals } = stage()
  t.after(() => refusals.close())
  const codeOf = async (key: string) => {
    const opened = await publishing.open(caller, key)
    return 'refusal' in opened ? opened.refusal.rejection : undefined
  }
  assert.equal(await codeOf('wrong'), REJECTION.unauthorized)
  assert.equal(await codeOf(''), REJECTION.badRequest)
})

test('a connection that is lost is one that may come back', async (t) => {
  const { publishing, publishPort, connection, refusals } = stage()
  t.after(() => refusals.close())
  const opened = await publishing.open(caller, 'good-key-1')
  if (!('serve' in opened)) return assert.fail('refused')
  opened.serve(connection).ended('lost')
  assert.deepEqual(publishPort.publishers[0]?.ends, ['disconnected'])
  // Whose caller has gone before it was let in was never there.
  const late = await publishing.open(caller, 'good-key-1')
  if ('forget' in late) late.forget()
  assert.deepEqual(publishPort.publishers[1]?.ends, ['disconnected'])
})

test('an encoder whose lease is lost goes, and nothing more is said to its publisher', async (t) => {
  const { publishing, publishPort, connection, refusals, lines, closed } = stage()
  t.after(() => refusals.close())
  const opened = await publishing.open(caller, 'good-key-1')
  if (!('serve' in opened)) return assert.fail('refused')
  const encoder = opened.serve(connection)
  publishPort.stops[0]?.({ code: 'taken-over', reason: 'another encoder has taken over' })
  assert.equal(closed(), 1)
  for (const bytes of pictures(5)) encoder.payload(bytes)
  encoder.ended('closed')
  assert.deepEqual(publishPort.publishers[0]?.units, [])
  assert.deepEqual(publishPort.publishers[0]?.ends, [])
  assert.ok(lines.some(([message, { text }]) => message === 'srt: encoder closed' && /taken over/.test(String(text))))
})

test('an encoder that sends too much is told to lower its bitrate, and what is no transport stream is not read on', async (t) => {
  const much = stage(1e6)
  t.after(() => much.refusals.close())
  const opened = await much.publishing.open(caller, 'good-key-1')
  if (!('serve' in opened)) return assert.fail('refused')
  const encoder = opened.serve(much.connection)
  const now = performance.now()
  for (let i = 0; i < 4; i++) for (const bytes of pictures(100)) encoder.payload(bytes)
  encoder.pass(now + 100)
  assert.equal(much.closed(), 1)
  const noise = stage()
  t.after(() => noise.refusals.close())
  const other = await noise.publishing.open(caller, 'good-key-1')
  if (!('serve' in other)) return assert.fail('refused')
  const noisy = other.serve(noise.connection)
  for (let i = 0; i < 5000 && noise.closed() === 0; i++) noisy.payload(new Uint8Array(1316).fill(i))
  assert.ok(noise.closed() > 0)
})

test('the line is told of the last half minute', () => {
  let packets = 0
  const window = createLineWindow(
    () => ({ ...statistics, received: { ...received, packets, dropped: packets / 10 } }),
    0,
  )
  for (let now = 0; now <= 120_000; now += 1000) {
    packets += 100
    window.pass(now)
  }
  const { packets: told, dropped } = window.report()
  assert.ok(told >= 2500 && told <= 3100, `${told} packets`)
  assert.equal(dropped, told / 10)
})
