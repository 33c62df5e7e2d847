import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { cp } from 'node:fs/promises'
import { test } from 'node:test'
import { createDiskStore, type DiskStoreOptions } from './disk.ts'
import { createFaultyIo } from './fixtures/faulty-io.ts'
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
import type { AssetWriter, WriterState } from './port.ts'

async function fixture(t: Parameters<typeof temporaryFolder>[0], options: Partial<DiskStoreOptions> = {}) {
  const root = await temporaryFolder(t)
  const io = createFaultyIo()
  const states: WriterState[] = []
  const own = { tickMs: 5, retryMs: 10, hungMs: 60_000, syncMs: 20, endMs: 60_000, queueParts: 40 }
  // Retention runs when a test says so: one that has begun already knows an older disk.
  const limits = { ...own, scanDelayMs: 1e6, ...options.limits }
  const store = createDiskStore({
    root,
    io,
    log: quietLog,
    retention,
    onState: (_, state) => states.push(state),
    ...options,
    limits,
  })
  await store.recover()
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  const at = async (number: number) => (await store.read('as_one', 2, number, number)) !== undefined
  return { root, io, states, store, writer, at }
}

function write(writer: AssetWriter, from: number, to: number): void {
  for (let i = from; i < to; i++) for (const track of [1, 2]) writer.part(part(track, i))
}

for (const [code, torn, message] of [
  ['ENOSPC', 0, /disk is full/],
  ['ENOSPC', 77, /disk is full/],
  ['EROFS', 0, /cannot be written \(EROFS\)/],
  ['EACCES', 0, /permissions/],
  ['EIO', 10, /reports an error \(EIO\)/],
] as const) {
  test(`${code} after ${torn} bytes stops recording with a message, and a short one costs nothing`, async (t) => {
    const { io, states, store, writer, at } = await fixture(t)
    write(writer, 0, 6)
    await until(() => at(5), 'written')
    Object.assign(io, { fault: code, torn })
    write(writer, 6, 12)
    await until(() => !writer.state.recording, 'stopped')
    assert.match(writer.state.reason ?? '', message)
    io.fault = undefined
    await until(() => writer.state.recording, 'recording again')
    assert.deepEqual(
      states.map((state) => state.recording),
      [false, true],
    )
    await writer.end()
    for (let i = 0; i < 12; i++) assert.deepEqual(await store.read('as_one', 1, i, i), partBytes(1, i))
    assert.equal(writer.state.droppedParts, 0)
    await store.close()
  })
}

test('a disk that stays full costs a gap between whole segments, and memory stays bounded', async (t) => {
  const { root, io, store, writer, at } = await fixture(t)
  write(writer, 0, 7)
  await until(() => at(6), 'written')
  io.fault = 'ENOSPC'
  write(writer, 7, 100)
  assert.ok(writer.state.droppedParts > 100)
  io.fault = undefined
  await until(() => at(26), 'the queue is written')
  write(writer, 100, 120)
  await writer.end()
  const check = async (own: typeof store) => {
    const index = await own.index('as_one')
    const [video, audio] = index?.tracks.map(({ segments }) => segments.slice().map((s) => [s.msn, s.gap])) ?? []
    assert.deepEqual(video, audio)
    // 40 parts fit: up to part 26 of both; segment 8 is whole, segment 9 and all until 33 are not.
    assert.deepEqual(
      video?.map(([msn]) => msn),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 34, 35, 36, 37, 38, 39],
    )
    assert.deepEqual(
      video?.filter(([, gap]) => gap === true).map(([msn]) => msn),
      [9],
    )
    assert.deepEqual(
      await own.read('as_one', 2, 102, 104),
      new Uint8Array(Buffer.concat([102, 103, 104].map((i) => partBytes(2, i)))),
    )
  }
  await check(store)
  await store.close()
  const next = createDiskStore({ root, log: quietLog, retention })
  await next.recover()
  await check(next)
  await next.close()
})

test('a disk that never answers holds one write and two reads, and nothing else waits for it', async (t) => {
  const { io, store, writer, at } = await fixture(t, { limits: { hungMs: 500 } })
  write(writer, 0, 6)
  await until(() => at(5), 'written')
  await store.read('as_one', 1, 0, 2)
  io.fault = 'hang'
  io.readFault = 'hang'
  const started = performance.now()
  write(writer, 6, 300)
  assert.ok(performance.now() - started < 20_000, 'writing returns at once')
  const reads = Array.from({ length: 20 }, () => store.read('as_one', 1, 0, 2))
  await until(() => io.outstanding.hanging === 3 && /does not answer/.test(writer.state.reason ?? ''), 'reported')
  assert.equal(writer.state.recording, false)
  assert.equal(io.outstanding.hanging, 3)
  // The file threads that are left serve everybody else.
  await lookup('localhost')
  io.fault = undefined
  io.readFault = undefined
  io.release()
  for (const bytes of await Promise.all(reads))
    assert.equal(
      bytes?.byteLength,
      [0, 1, 2].reduce((n, i) => n + partBytes(1, i).byteLength, 0),
    )
  await until(() => at(25), 'the queue is written')
  await until(() => !/does not answer/.test(writer.state.reason ?? ''), 'the write is over')
  write(writer, 300, 306)
  await until(() => writer.state.recording, 'recording again')
  await writer.end()
  assert.deepEqual(await store.read('as_one', 1, 305, 305), partBytes(1, 305))
  assert.ok(io.outstanding.most <= 3, `${io.outstanding.most} at a time`)
  await store.close()
})

test('a broadcast that ends on a hung disk is given up in time and finished by the next start', async (t) => {
  const { root, io, store, writer, at } = await fixture(t, { limits: { endMs: 100 } })
  write(writer, 0, 6)
  await until(() => at(5), 'written')
  io.fault = 'hang'
  write(writer, 6, 12)
  await writer.end()
  assert.equal((await store.index('as_one'))?.ended, true)
  const next = createDiskStore({ root, log: quietLog, retention })
  const [found] = await next.recover()
  assert.equal(found?.ended, false)
  assert.equal(found?.tracks[0]?.segments.length, 2)
  await next.resume('as_one').end()
  assert.equal((await next.index('as_one'))?.ended, true)
  // What hung comes back at last, and changes nothing any more.
  io.fault = undefined
  io.release()
  await new Promise((resolve) => setTimeout(resolve, 30))
  for (let i = 0; i < 6; i++) assert.deepEqual(await next.read('as_one', 2, i, i), partBytes(2, i))
  await next.close()
  await store.close()
})

test('too little free space deletes old recordings, and stops recording when there are none', async (t) => {
  const { io, store, writer, at } = await fixture(t, {
    retention: { ...retention, minFreeBytes: 1_000 },
    limits: { endedWindowMs: 0 },
  })
  write(writer, 0, 6)
  await until(() => at(5), 'written')
  const old = store.create('as_old', timing)
  old.epoch(epoch(0))
  for (let i = 0; i < 3; i++) old.part(part(1, i, { closedAt: START - 1_000 }))
  await old.end()
  io.freeBytes = 990
  await store.retain()
  assert.equal(await store.index('as_old'), undefined)
  assert.equal(writer.state.recording, true)
  io.freeBytes = 10
  await store.retain()
  assert.match(writer.state.reason ?? '', /almost full/)
  write(writer, 6, 9)
  assert.equal(writer.state.droppedParts, 6)
  io.freeBytes = 1e9
  await store.retain()
  write(writer, 9, 12)
  assert.equal(writer.state.recording, true)
  await writer.end()
  assert.equal(await store.read('as_one', 1, 6, 6), undefined)
  assert.deepEqual(await store.read('as_one', 1, 9, 9), partBytes(1, 9))
  await store.close()
})

test('too many reads are refused instead of queued without bound', async (t) => {
  const { io, store, writer, at } = await fixture(t, { limits: { readQueue: 5 } })
  write(writer, 0, 3)
  await until(() => at(2), 'written')
  await store.read('as_one', 1, 0, 2)
  io.readFault = 'hang'
  const reads = Array.from({ length: 30 }, () =>
    store.read('as_one', 1, 0, 2).catch((error: { code: string }) => error.code),
  )
  await until(() => io.outstanding.hanging === 2, 'hanging')
  io.readFault = undefined
  io.release()
  const answers = await Promise.all(reads)
  assert.equal(answers.filter((answer) => answer === 'limit').length, 25)
  await writer.end()
  await store.close()
})

test('an epoch that begins while the journal is being written is written too', async (t) => {
  const { root, io, store, writer, at } = await fixture(t)
  write(writer, 0, 3)
  await until(() => at(2), 'written')
  io.fault = 'hang'
  writer.epoch(epoch(1, 90_000))
  await until(() => io.outstanding.hanging === 1, 'the journal is with the disk')
  writer.epoch(epoch(2, 180_000))
  io.fault = undefined
  io.release()
  for (const track of [1, 2]) writer.part(part(track, 3, { epoch: 2, last: true }))
  await writer.end()
  await store.close()
  const reopened = createDiskStore({ root, log: quietLog, retention })
  await reopened.recover()
  const index = await reopened.index('as_one')
  assert.deepEqual(
    index?.epochs.map(({ id }) => id),
    [0, 1, 2],
  )
  await reopened.close()
})

test('killed at any moment, no part is there without its epoch', async (t) => {
  const { root, io, store, writer, at } = await fixture(t, { limits: { syncMs: 1e6 } })
  write(writer, 0, 3)
  await until(() => at(2), 'written')
  io.fault = 'hang'
  write(writer, 3, 6)
  await until(() => io.outstanding.hanging === 1, 'parts are with the disk')
  writer.epoch(epoch(1, 180_000))
  for (const i of [6, 7, 8]) for (const track of [1, 2]) writer.part(part(track, i, { epoch: 1 }))
  let isWritten = false
  const written = writer.written().then(() => (isWritten = true))
  for (let calls = 0; ; calls++) {
    const copy = await temporaryFolder(t)
    await cp(root, copy, { recursive: true })
    const next = createDiskStore({ root: copy, log: quietLog, retention })
    const [index] = await next.recover()
    const known = index?.epochs.map(({ id }) => id)
    for (const { segments } of index?.tracks ?? []) {
      for (const segment of segments) assert.ok(known?.includes(segment.epoch), `epoch ${segment.epoch}, call ${calls}`)
    }
    await next.close()
    if (isWritten) break
    io.release()
    await until(() => isWritten || io.outstanding.hanging === 1, 'the next call')
  }
  await written
  io.fault = undefined
  io.release()
  await writer.end()
  await store.close()
})

test('the end of a broadcast ends its trouble with the disk', async (t) => {
  const { io, states, writer, store } = await fixture(t, { limits: { endMs: 100 } })
  write(writer, 0, 3)
  io.fault = 'ENOSPC'
  await until(() => !writer.state.recording, 'stopped')
  await writer.end()
  assert.equal(states.at(-1)?.reason, undefined)
  io.fault = undefined
  await store.close()
})

test('a broadcast that is not recorded ends in order although the disk does not let it be removed', async (t) => {
  const removed: string[] = []
  const { io, store, writer } = await fixture(t, { limits: { endMs: 100 }, onRemoved: (id) => removed.push(id) })
  io.readFault = 'EIO'
  const own = store.create('as_off', timing, { recording: false })
  own.epoch(epoch(0))
  write(own, 0, 3)
  await own.end()
  assert.deepEqual(removed, ['as_off'])
  assert.equal(await store.index('as_off'), undefined)
  io.readFault = undefined
  await writer.end()
  await store.close()
})
