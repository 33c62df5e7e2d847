import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AssetFiles, type AssetMemory, applyJournal, createMemory } from './asset.ts'
import { epoch, part, quietLog, START, temporaryFolder, timing } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import { STORE_LIMITS } from './limits.ts'
import { createPartWriter } from './part-writer.ts'
import { createPartQueue } from './queue.ts'

test('a span begins when its first part is written, not while the disk still refuses those before it', async (t) => {
  const disk = { isBroken: true }
  const io: StoreIo = {
    ...nodeIo,
    async open(path, mode) {
      if (disk.isBroken) throw new TypeError('injected')
      return nodeIo.open(path, mode)
    },
  }
  const limits = { ...STORE_LIMITS, spanMs: 2_000 }
  const begin = { type: 'begin', timing, recording: true, at: START, channelId: 'ch_1' } as const
  const memory = createMemory([begin], limits.laggingSegments) as AssetMemory
  applyJournal(memory, { type: 'epoch', epoch: epoch(0) })
  const folder = await temporaryFolder(t)
  const files: AssetFiles = { assetId: 'as_1', folder, spans: [], journalBytes: 0, state: 'open', removed: false }
  const queue = createPartQueue(limits, () => false)
  const spanBytes = () => 1e9
  const writer = createPartWriter({ io, limits, log: quietLog, files, memory, queue, spanBytes, wrote() {} })
  // A segment lasts a second: the third one is for another span, on both tracks, whoever is first.
  for (let i = 0; i < 12; i++) for (const track of [1, 2]) queue.push(part(track, i))
  const spans = () => files.spans.map(({ firstMsn }) => firstMsn)
  await assert.rejects(writer.write(queue.parts), /injected/)
  assert.deepEqual(spans(), [0])
  disk.isBroken = false
  await writer.write(queue.parts)
  assert.deepEqual(spans(), [0, 2])
  assert.equal(queue.parts, 0)
  for (const track of [1, 2]) assert.equal(memory.rows.list(track).length, 4)
  await writer.close()
})
