import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { createFaultyIo } from './fixtures/faulty-io.ts'
import { epoch, part, partBytes, quietLog, retention, temporaryFolder, timing, until } from './fixtures/material.ts'

/** A broadcast on a disk that takes nothing more after the parts up to `written`. */
async function behind(t: TestContext, { written = 4, fault = 'hang', queueParts = 1_000, gaps = 0 } = {}) {
  const io = createFaultyIo()
  const limits = { tickMs: 5, retryMs: 10, hungMs: 1e9, syncMs: 1e6, scanDelayMs: 1e6, endMs: 100, queueParts }
  const store = createDiskStore({ root: await temporaryFolder(t), io, log: quietLog, retention, limits })
  t.after(() => store.close())
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  const write = (from: number, to: number, fields = {}) => {
    for (let i = from; i < to; i++) for (const track of [1, 2]) writer.part(part(track, i, fields))
  }
  write(0, written - gaps)
  write(written - gaps, written, { gap: true, bytes: new Uint8Array(0) })
  await writer.written()
  io.fault = fault
  const read = async (first: number, last = first) => {
    const pieces = await writer.read(1, first, last)
    return pieces && Buffer.concat(pieces)
  }
  const recover = () => {
    io.fault = undefined
    io.release()
    return writer.written()
  }
  return { io, store, writer, write, read, recover }
}

const bytesOf = (...numbers: number[]) => Buffer.concat(numbers.map((number) => partBytes(1, number)))

test('what waits for the disk, and what the disk is just writing, is read as it will be when it is there', async (t) => {
  const { io, writer, write, read, recover } = await behind(t)
  write(4, 7)
  await until(() => io.outstanding.hanging === 1, 'parts are with the disk')
  write(7, 9)
  const check = async () => {
    for (const i of [0, 3, 4, 5, 6, 7, 8]) assert.deepEqual(await read(i), bytesOf(i))
    // On the disk, half of it there, and nothing of it.
    for (const i of [0, 3, 6]) assert.deepEqual(await read(i, i + 2), bytesOf(i, i + 1, i + 2))
    assert.deepEqual(await read(3, 4), bytesOf(3, 4))
    assert.equal(await read(9), undefined)
    assert.equal(await read(8, 9), undefined)
  }
  await check()
  // Not copied.
  assert.equal((await writer.read(1, 6, 8))?.length, 3)
  await recover()
  await check()
  assert.equal((await writer.read(1, 6, 8))?.length, 1)
})

test('while it gets to the disk a part can be read at any moment', async (t) => {
  const { io, writer, write, read, recover } = await behind(t)
  write(4, 9)
  let isWritten = false
  const written = writer.written().then(() => (isWritten = true))
  for (;;) {
    await until(() => isWritten || io.outstanding.hanging === 1, 'the next call')
    if (isWritten) break
    const reads = [read(3, 5), read(6, 8), read(5)]
    io.release()
    assert.deepEqual(await Promise.all(reads), [bytesOf(3, 4, 5), bytesOf(6, 7, 8), bytesOf(5)])
  }
  await written
  await recover()
})

test('a segment that begins with a gap on the disk is read when its media wait', async (t) => {
  const { write, read, recover } = await behind(t, { gaps: 1 })
  write(4, 6)
  assert.deepEqual(await read(3, 5), bytesOf(4, 5))
  assert.equal(await read(3), undefined)
  await recover()
  assert.deepEqual(await read(3, 5), bytesOf(4, 5))
})

test('nothing is read of a segment that lost a part, and nothing that was dropped', async (t) => {
  const { io, writer, write, read, recover } = await behind(t, { queueParts: 14 })
  // Seven of each track find room; part 11, the last of its segment, does not.
  write(4, 15)
  assert.equal(writer.state.droppedParts, 8)
  const check = async () => {
    assert.deepEqual(await read(6, 8), bytesOf(6, 7, 8))
    assert.equal(await read(9, 11), undefined)
    for (const i of [11, 12, 14]) assert.equal(await read(i), undefined)
  }
  await check()
  await recover()
  await check()
  io.fault = 'hang'
  write(15, 18)
  // The gap that stands for what was lost waits too.
  await check()
  assert.deepEqual(await read(15, 17), bytesOf(15, 16, 17))
  await recover()
  await check()
})

test('what the disk refuses is read for as long as it is tried again, and not after it was given up', async (t) => {
  const { writer, write, read } = await behind(t, { fault: 'ENOSPC' })
  write(4, 9)
  await until(() => !writer.state.recording, 'refused')
  assert.deepEqual(await read(6, 8), bytesOf(6, 7, 8))
  await writer.end()
  assert.equal(await read(6, 8), undefined)
  assert.deepEqual(await read(0, 2), bytesOf(0, 1, 2))
})
