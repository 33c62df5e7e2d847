import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { createFaultyIo } from './fixtures/faulty-io.ts'
import { epoch, part, partBytes, quietLog, retention, temporaryFolder, timing, until } from './fixtures/material.ts'

test('a full lane costs a gap in the recording and a message, and recording goes on when there is room', async (t) => {
  const io = createFaultyIo()
  // The only place in the queue is the test's: retention takes none.
  const limits = { tickMs: 5, retryMs: 10, writeQueue: 1, queueParts: 40, scanDelayMs: 1e6 }
  const warnings: string[] = []
  const log = { ...quietLog, warn: (_: object, message: string) => void warnings.push(message) }
  const store = createDiskStore({ root: await temporaryFolder(t), io, log, retention, limits })
  await store.recover()
  for (const name of ['as_a', 'as_b', 'as_c']) await store.create(name, timing).end()
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  const write = (from: number, to: number) => {
    for (let i = from; i < to; i++) for (const track of [1, 2]) writer.part(part(track, i))
  }
  write(0, 6)
  await until(async () => (await store.read('as_one', 2, 5, 5)) !== undefined, 'written')

  // One deletion is with the disk, one waits for it: there is room for nothing else.
  io.readFault = 'hang'
  const deletions = [store.remove('as_a'), store.remove('as_b')]
  await assert.rejects(store.remove('as_c'), /too much waits for the disk/)
  write(6, 12)
  await until(() => warnings.includes('recordings wait for the disk'), 'refused')
  assert.equal(writer.state.recording, true)
  write(12, 60)
  assert.match(writer.state.reason ?? '', /too slow/)
  assert.ok(writer.state.droppedParts > 0)

  io.readFault = undefined
  io.release()
  await Promise.all(deletions)
  await until(async () => (await store.read('as_one', 2, 20, 20)) !== undefined, 'the queue is written')
  write(60, 66)
  assert.equal(writer.state.recording, true)
  await writer.end()
  for (const i of [0, 11, 20, 60, 65]) assert.deepEqual(await store.read('as_one', 1, i, i), partBytes(1, i))
  const gaps = (await store.index('as_one'))?.tracks[0]?.segments.slice().filter(({ gap }) => gap)
  assert.equal(gaps?.length, 1)
  await store.close()
})
