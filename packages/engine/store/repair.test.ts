import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDiskStore, type DiskStoreOptions } from './disk.ts'
import { epoch, part, partBytes, quietLog, retention, START, temporaryFolder, timing } from './fixtures/material.ts'

/** What a start makes of files that were being written when the process died. */

function open(root: string, options: Partial<DiskStoreOptions> = {}) {
  const limits = { tickMs: 5, retryMs: 20, scanDelayMs: 1e6, ...options.limits }
  return createDiskStore({ root, log: quietLog, retention, ...options, limits })
}

/** A broadcast of `parts` on both tracks that has not ended and whose index did not reach the disk. */
async function unindexed(t: TestContext, parts: number, closedAt?: (i: number) => number): Promise<string> {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < parts; i++) {
    for (const track of [1, 2]) {
      writer.part(part(track, i, closedAt === undefined ? {} : { closedAt: START + closedAt(i) }))
    }
  }
  await writer.suspend()
  await store.close()
  await rm(join(root, 'as_one', 'i-0000000000.idx'))
  return root
}

test('every whole part is found again, also when the clock was set back within a segment', async (t) => {
  const root = await unindexed(t, 6, (i) => [1_000, 2_000, 3_000, 4_000, 9_000, 5_000][i] ?? 0)
  for (const life of ['first', 'second']) {
    const store = open(root)
    const [found] = await store.recover()
    for (const { segments } of found?.tracks ?? []) {
      assert.deepEqual(
        segments.slice().map(({ firstPart, lastPart }) => [firstPart, lastPart]),
        [
          [0, 2],
          [3, 5],
        ],
        life,
      )
    }
    for (const track of [1, 2]) {
      for (let i = 0; i < 6; i++) assert.deepEqual(await store.read('as_one', track, i, i), partBytes(track, i))
    }
    await store.close()
  }
})
