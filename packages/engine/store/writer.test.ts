import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { epoch, part, quietLog, retention, START, temporaryFolder, timing, until } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import { STORE_LIMITS } from './limits.ts'
import type { AssetWriter } from './port.ts'

const DATA = ['t001-0000000000.dat', 't002-0000000000.dat']
const INDEX = 'i-0000000000.idx'

/** The real file system, and which names were flushed to the device, in order. */
function watched() {
  const flushed: string[] = []
  const io: StoreIo = {
    ...nodeIo,
    async open(path, mode) {
      const file = await nodeIo.open(path, mode)
      return { ...file, sync: async () => (await file.sync(), void flushed.push(basename(path))) }
    },
    syncFolder: async (path) => (await nodeIo.syncFolder(path), void flushed.push(basename(path))),
  }
  return { flushed, io }
}

/** One third of a second of both tracks, with the operating system. */
async function write(writer: AssetWriter, index: number): Promise<void> {
  for (const track of [1, 2]) writer.part(part(track, index))
  await writer.written()
}

test('what was written is on the device after `syncMs`, also when nothing comes any more, and not at each part', async (t) => {
  const clock = { at: START, looks: 0 }
  const { flushed, io } = watched()
  const limits = { tickMs: 2, syncMs: 4_000 }
  const now = () => (clock.looks++, clock.at)
  const store = createDiskStore({ root: await temporaryFolder(t), io, log: quietLog, retention, now, limits })
  await store.recover()
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  const media = () => flushed.filter((name) => DATA.includes(name) || name === INDEX || name === 'as_one')
  for (const [round, first] of [0, 4].entries()) {
    // Less than two segments, so that single parts are only in the data files.
    for (let i = first; i < first + 4; i++) await write(writer, i)
    clock.at += limits.syncMs - 1
    // Two looks at least for each tick.
    const enough = clock.looks + 20
    await until(() => clock.looks > enough, 'some ticks')
    assert.deepEqual(media(), [])
    clock.at++
    // Data before the index that names it; the folder only where files were made.
    const whole = [...DATA, INDEX, ...(round === 0 ? ['as_one'] : [])]
    await until(() => media().length >= whole.length, 'flushed')
    assert.deepEqual(media(), whole)
    flushed.length = 0
  }
  const idle = clock.looks + 20
  clock.at += 10 * limits.syncMs
  await until(() => clock.looks > idle, 'some ticks')
  assert.deepEqual(media(), [], 'nothing new, nothing flushed')
  await writer.end()
  await store.close()
})

test('a power cut loses at most five seconds', () => {
  // A part waits for `syncMs` and then for the next tick; the flush itself is the disk's own time.
  assert.ok(STORE_LIMITS.syncMs + STORE_LIMITS.tickMs < 5_000)
})
