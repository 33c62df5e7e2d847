import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { part, START, temporaryFolder } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import { createSpanFiles } from './span-files.ts'

/** What is written and flushed, in order: `d` data, `i` index. */
function watched() {
  const calls: string[] = []
  const io: StoreIo = {
    ...nodeIo,
    async open(path, mode) {
      const file = await nodeIo.open(path, mode)
      const name = basename(path).startsWith('i-') ? 'i' : 'd'
      return {
        ...file,
        write: (buffers, position) => (calls.push(`write ${name}`), file.write(buffers, position)),
        sync: () => (calls.push(`sync ${name}`), file.sync()),
      }
    },
  }
  return { calls, io }
}

test('parts that waited for long are on the device before the index has them', async (t) => {
  const { calls, io } = watched()
  const span = createSpanFiles(io, await temporaryFolder(t), 0, 6_000)
  // The third part closes the segment.
  await span.append([0, 1, 2].map((i) => part(1, i, { closedAt: START + i * 10_000 })))
  assert.deepEqual(calls, ['write d', 'sync d', 'write i'])
  await span.close()
})

test('parts that come as they are made are not flushed one by one', async (t) => {
  const { calls, io } = watched()
  const span = createSpanFiles(io, await temporaryFolder(t), 0, 6_000)
  for (const msn of [0, 1]) await span.append([0, 1, 2].map((i) => part(1, 3 * msn + i)))
  assert.deepEqual(calls, ['write d', 'write i', 'write d', 'write i'])
  await span.sync()
  // What is on the device already is no reason to flush anything, however old.
  await span.append([6, 7, 8].map((i) => part(1, i, { closedAt: START + 60_000 })))
  assert.deepEqual(calls.slice(4), ['sync d', 'sync i', 'write d', 'write i'])
  await span.close()
})
