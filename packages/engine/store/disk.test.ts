import assert from 'node:assert/strict'
import { appendFile, cp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { EngineError } from '../error.ts'
import { createDiskStore, type DiskStoreOptions } from './disk.ts'
import {
  epoch,
  part,
  partBytes,
  quietLog,
  retention,
  START,
  temporaryFolder,
  timing,
  until,
} from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import type { AssetWriter, SegmentStore } from './port.ts'

function open(root: string, options: Partial<DiskStoreOptions> = {}) {
  return createDiskStore({ root, log: quietLog, retention, limits: { tickMs: 5, retryMs: 20 }, ...options })
}

/** Writes parts `from` to `to` (exclusive) of both tracks. */
function write(writer: AssetWriter, from: number, to: number, fields = {}): void {
  for (let i = from; i < to; i++) {
    writer.part(part(1, i, fields))
    writer.part(part(2, i, fields))
  }
}

async function hasSegments(store: SegmentStore, assetId: string, count: number): Promise<void> {
  await until(async () => (await store.index(assetId))?.tracks[0]?.segments.length === count, `${count} segments`)
}

/** The folder as a process that is killed now leaves it. */
async function crash(t: TestContext, root: string): Promise<string> {
  const copy = await temporaryFolder(t)
  await cp(root, copy, { recursive: true })
  return copy
}

test('a broadcast is listed and read while it runs, after its end, and by the next process', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  assert.deepEqual(await store.recover(), [])
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 8)
  await hasSegments(store, 'as_one', 2)
  const running = await store.index('as_one')
  assert.equal(running?.ended, false)
  assert.deepEqual(running?.tracks[1]?.segments.at(1), {
    msn: 1,
    epoch: 0,
    firstPart: 3,
    lastPart: 5,
    start: 48_000,
    duration: 48_000,
    timescale: 48_000,
    size: [3, 4, 5].reduce((sum, i) => sum + partBytes(2, i).byteLength, 0),
    independent: true,
    gap: false,
    // A record stands before each part.
    closedAt: START + 2_000,
    offset: [0, 1, 2].reduce((sum, i) => sum + partBytes(2, i).byteLength + 64, 64),
    // Of both tracks in turn, as they were written.
    parts: 3,
    record: 7,
    records: 5,
  })
  // Whole segment, parts of one, and parts of the segment in the making.
  assert.deepEqual(
    await store.read('as_one', 1, 3, 5),
    new Uint8Array(Buffer.concat([3, 4, 5].map((i) => partBytes(1, i)))),
  )
  assert.deepEqual(await store.read('as_one', 1, 4, 4), partBytes(1, 4))
  assert.deepEqual(await store.read('as_one', 2, 7, 7), partBytes(2, 7))
  assert.equal(await store.read('as_one', 1, 9, 9), undefined)
  await writer.end()
  assert.equal((await store.index('as_one'))?.tracks[0]?.segments.length, 3)
  await store.close()

  const next = open(root)
  assert.deepEqual(await next.recover(), [])
  const ended = await next.index('as_one')
  assert.equal(ended?.ended, true)
  assert.deepEqual(
    [...(ended?.tracks[0]?.segments ?? [])].map(({ msn, firstPart, lastPart }) => [msn, firstPart, lastPart]),
    [
      [0, 0, 2],
      [1, 3, 5],
      [2, 6, 7],
    ],
  )
  assert.deepEqual(ended?.epochs, [epoch(0)])
  assert.deepEqual(
    await next.read('as_one', 2, 6, 7),
    new Uint8Array(Buffer.concat([partBytes(2, 6), partBytes(2, 7)])),
  )
  assert.equal(next.usage(), ended?.bytes)
  await next.close()
})

test('a broadcast goes on after a crash above every number that was reserved', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  writer.reserve({ msn: 19, part: 99 })
  write(writer, 0, 6)
  await hasSegments(store, 'as_one', 2)

  const next = open(await crash(t, root))
  await store.close()
  const [found] = await next.recover()
  assert.deepEqual(found?.next, { msn: 20, part: 100 })
  assert.equal(found?.ended, false)
  assert.deepEqual(
    found?.tracks[0]?.recent?.map(({ number, size }) => [number, size]),
    Array.from({ length: 6 }, (_, i) => [i, partBytes(1, i).byteLength]),
  )
  const again = next.resume('as_one')
  again.epoch(epoch(1, 10_000_000))
  write(again, 100, 103, { msn: 20, epoch: 1, last: false })
  again.part(part(1, 103, { msn: 20, epoch: 1, last: true }))
  again.part(part(2, 103, { msn: 20, epoch: 1, last: true }))
  await hasSegments(next, 'as_one', 3)
  await again.end()
  const index = await next.index('as_one')
  assert.deepEqual(
    [...(index?.tracks[0]?.segments ?? [])].map(({ msn }) => msn),
    [0, 1, 20],
  )
  assert.deepEqual(
    await next.read('as_one', 1, 102, 103),
    new Uint8Array(Buffer.concat([partBytes(1, 102), partBytes(1, 103)])),
  )
  await next.close()
})

test('after a stop in order a broadcast goes on with the next segment, whatever was reserved', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  writer.reserve({ msn: 19, part: 99 })
  write(writer, 0, 6)
  await writer.suspend()
  await store.close()
  const next = open(root)
  const [found] = await next.recover()
  assert.deepEqual(found?.next, { msn: 2, part: 100 })
  await next.close()
})

test('a track that is torn earlier than the others gets gaps, so that all list the same segments', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < 8; i++) writer.part(part(2, i))
  for (let i = 0; i < 4; i++) writer.part(part(1, i))
  await writer.suspend()
  await store.close()
  const [found] = await open(root).recover()
  const shape = (track: number) =>
    found?.tracks[track]?.segments.slice().map((s) => [s.msn, s.gap, s.start, s.duration])
  assert.deepEqual(shape(1), [
    [0, false, 0, 48_000],
    [1, false, 48_000, 48_000],
    [2, false, 96_000, 32_000],
  ])
  assert.deepEqual(shape(0), [
    [0, false, 0, 90_000],
    [1, false, 90_000, 30_000],
    [2, true, 180_000, 60_000],
  ])
})

test('torn tails of both files are cut off, whatever their length', async (t) => {
  for (const [data, index] of [
    [1, 0],
    [0, 1],
    [500, 63],
    [70, 64],
  ] as const) {
    const root = await temporaryFolder(t)
    const store = open(root)
    const writer = store.create('as_one', timing)
    writer.epoch(epoch(0))
    write(writer, 0, 5)
    await writer.suspend()
    await store.close()
    const media = join(root, 'as_one', 't001-0000000000.dat')
    const places = join(root, 'as_one', 'i-0000000000.idx')
    const whole = [(await stat(media)).size, (await stat(places)).size]
    await appendFile(media, new Uint8Array(data).fill(7))
    await appendFile(places, new Uint8Array(index).fill(7))
    await appendFile(join(root, 'as_one', 'journal.log'), new Uint8Array(5))
    const [found] = await open(root).recover()
    assert.equal(found?.tracks[0]?.segments.at(-1)?.lastPart, 4)
    assert.deepEqual([(await stat(media)).size, (await stat(places)).size], whole)
  }
})

test('what the index did not get before a crash is found in the data files', async (t) => {
  for (const kept of [0, 30, 64, 64 + 3 * 64, 64 + 7 * 64 + 5]) {
    const root = await temporaryFolder(t)
    const store = open(root)
    const writer = store.create('as_one', timing)
    writer.epoch(epoch(0))
    write(writer, 0, 8)
    await writer.suspend()
    await store.close()
    await truncate(join(root, 'as_one', 'i-0000000000.idx'), kept)
    // Half of a part more than there is in whole ones.
    await truncate(
      join(root, 'as_one', 't002-0000000000.dat'),
      (await stat(join(root, 'as_one', 't002-0000000000.dat'))).size - 1,
    )
    const next = open(root)
    const [found] = await next.recover()
    assert.deepEqual(
      found?.tracks.map(({ segments }) => segments.slice().map(({ msn, lastPart, gap }) => [msn, lastPart, gap])),
      [
        [
          [0, 2, false],
          [1, 5, false],
          [2, 7, false],
        ],
        [
          [0, 2, false],
          [1, 5, false],
          [2, 6, false],
        ],
      ],
      `index cut to ${kept} bytes`,
    )
    assert.deepEqual(await next.read('as_one', 1, 7, 7), partBytes(1, 7))
    await next.resume('as_one').end()
    await next.close()
    // The index has it now: an ended recording is read by it alone.
    const last = open(root)
    await last.recover()
    for (let i = 0; i < 7; i++) assert.deepEqual(await last.read('as_one', 2, i, i), partBytes(2, i))
    assert.equal(await last.read('as_one', 2, 7, 7), undefined)
    const bytes = await Promise.all(
      (await readdir(join(root, 'as_one'))).map(async (name) => (await stat(join(root, 'as_one', name))).size),
    )
    assert.equal(
      last.usage(),
      bytes.reduce((sum, size) => sum + size),
    )
    await last.close()
  }
})

test('damaged bytes of a newest part end the recording before it', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 8)
  await writer.suspend()
  await store.close()
  const media = await readFile(join(root, 'as_one', 't001-0000000000.dat'))
  media.fill(0, media.length - 20)
  await writeFile(join(root, 'as_one', 't001-0000000000.dat'), media)
  const next = open(root)
  const [found] = await next.recover()
  assert.equal(found?.tracks[0]?.segments.at(-1)?.lastPart, 6)
  for (let i = 0; i < 7; i++) assert.deepEqual(await next.read('as_one', 2, i, i), partBytes(2, i))
  await next.close()
})

test('any range of a segment is read without what stands between its parts', async (t) => {
  const store = open(await temporaryFolder(t))
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 8)
  await hasSegments(store, 'as_one', 2)
  const whole = Buffer.concat([3, 4, 5].map((i) => partBytes(1, i)))
  const places = await store.parts('as_one', 1, 3, 5)
  assert.deepEqual(
    places?.map(({ offset, length }) => whole.subarray(offset, offset + length)),
    [3, 4, 5].map((i) => Buffer.from(partBytes(1, i))),
  )
  for (let from = 0; from <= whole.length; from += 97) {
    for (let to = from; to <= whole.length + 50; to += 131) {
      const bytes = await store.read('as_one', 1, 3, 5, { from, to })
      assert.deepEqual(Buffer.from(bytes ?? []), whole.subarray(from, to))
    }
  }
  assert.equal(await store.read('as_one', 1, 3, 5, { from: whole.length + 1, to: whole.length + 9 }), undefined)
  await writer.end()
  await store.close()
})

test('a new span begins at a segment that no track has begun', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root, { limits: { tickMs: 5, spanMs: 2_000 } })
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 13)
  await writer.end()
  assert.deepEqual((await readdir(join(root, 'as_one'))).sort(), [
    ...[0, 2, 4].map((msn) => `i-000000000${msn}.idx`),
    'journal.log',
    ...[0, 2, 4].map((msn) => `t001-000000000${msn}.dat`),
    ...[0, 2, 4].map((msn) => `t002-000000000${msn}.dat`),
  ])
  for (let i = 0; i < 13; i++) assert.deepEqual(await store.read('as_one', 2, i, i), partBytes(2, i))
  await store.close()
})

test('a running broadcast sheds its oldest spans on all tracks, and counts on from there', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root, {
    retention: { ...retention, maxBytes: 60_000 },
    limits: { tickMs: 5, spanMs: 2_000, windowMs: 2_000 },
  })
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  let written = 0
  for (; written < 150; written += 6) {
    write(writer, written, written + 6)
    await until(async () => (await store.read('as_one', 2, written + 5, written + 5)) !== undefined, 'written')
    await store.retain()
    assert.ok(store.usage() <= 70_000, `${store.usage()} bytes`)
  }
  const index = await store.index('as_one')
  const first = index?.tracks[0]?.segments.at(0)?.msn ?? 0
  assert.ok(first > 10)
  assert.equal(index?.tracks[1]?.segments.at(0)?.msn, first)
  assert.equal(index?.shed, true)
  assert.deepEqual(index?.removed, { segments: first, discontinuities: 0 })
  assert.equal(await store.read('as_one', 1, 0, 2), undefined)
  assert.deepEqual(await store.read('as_one', 1, first * 3, first * 3), partBytes(1, first * 3))
  await writer.suspend()
  await store.close()
  const [found] = await open(root).recover()
  assert.equal(found?.tracks[0]?.segments.at(0)?.msn, first)
  assert.deepEqual(found?.removed, { segments: first, discontinuities: 0 })
})

test('the oldest recording goes first, and the database is told when one is gone', async (t) => {
  const root = await temporaryFolder(t)
  const removed: string[] = []
  let now = START
  const store = open(root, {
    now: () => now,
    onRemoved: (assetId) => removed.push(assetId),
    retention: { ...retention, maxAgeMs: 1_000_000 },
    limits: { tickMs: 5, endedWindowMs: 0 },
  })
  for (const [assetId, later] of [
    ['as_old', 0],
    ['as_new', 600_000],
  ] as const) {
    const writer = store.create(assetId, timing)
    writer.epoch(epoch(0))
    for (let i = 0; i < 3; i++) writer.part(part(1, i, { closedAt: START + later }))
    await writer.end()
  }
  await store.retain()
  assert.deepEqual(removed, [])
  now = START + 1_000_001
  await store.retain()
  assert.deepEqual(removed, ['as_old'])
  assert.deepEqual(await readdir(root), ['.running', 'as_new'])
  assert.equal(await store.index('as_old'), undefined)
  assert.equal(await store.read('as_old', 1, 0, 2), undefined)
  assert.notEqual(await store.read('as_new', 1, 0, 2), undefined)
  await store.close()
})

test('without recording a short window is kept and nothing remains', async (t) => {
  const root = await temporaryFolder(t)
  const removed: string[] = []
  let now = START
  const store = open(root, { now: () => now, onRemoved: (assetId) => removed.push(assetId) })
  const writer = store.create('as_one', timing, { recording: false })
  assert.equal(writer.state.recording, false)
  writer.epoch(epoch(0))
  for (let i = 0; i < 900; i += 90) {
    write(writer, i, i + 90)
    now = START + (i + 90) * 333
    await until(async () => (await store.read('as_one', 2, i + 89, i + 89)) !== undefined, 'written')
    await store.retain()
  }
  const first = (await store.index('as_one'))?.tracks[0]?.segments.at(0)?.msn ?? 0
  assert.ok(first >= 120 && first <= 180, `starts at ${first}`)
  await writer.end()
  assert.deepEqual(removed, ['as_one'])
  assert.deepEqual(await readdir(root), ['.running'])
  assert.deepEqual(await readdir(join(root, '.running')), [])
  await store.close()
})

test('ids that could leave the folder are refused', async (t) => {
  const store = open(await temporaryFolder(t))
  for (const id of ['..', '../x', 'a/b', '', 'A', '.x', 'x'.repeat(65)]) {
    assert.throws(
      () => store.create(id, timing),
      (error) => error instanceof EngineError && error.code === 'bad-request',
    )
    assert.equal(await store.index(id), undefined)
  }
  await store.close()
})

test('a folder without a readable journal is left out and not fatal', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 3)
  await writer.suspend()
  await store.close()
  await writeFile(join(root, 'as_one', 'journal.log'), 'garbage')
  const next = open(root)
  assert.deepEqual(await next.recover(), [])
  assert.equal(await next.index('as_one'), undefined)
  await next.close()
})

test('an index that takes more than all the room for them is read once as long as nobody asks for others', async (t) => {
  const root = await temporaryFolder(t)
  const first = open(root)
  const writer = first.create('as_one', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 6)
  await writer.end()
  await first.close()
  let reads = 0
  const io: StoreIo = {
    ...nodeIo,
    open(path, mode) {
      if (path.endsWith('.idx')) reads++
      return nodeIo.open(path, mode)
    },
  }
  const store = open(root, { io, limits: { tickMs: 5, indexCacheBytes: 1 } })
  await store.recover()
  assert.equal((await store.index('as_one'))?.tracks.length, 2)
  const once = reads
  assert.ok(once > 0)
  await store.index('as_one')
  assert.equal(reads, once)
  await store.close()
})
