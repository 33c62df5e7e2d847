import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetIndex } from '@bandstand/engine/store/port.ts'
import { adoptRecordings } from './adopt.ts'

const segment = {
  ...{ msn: 0, epoch: 0, firstPart: 0, lastPart: 2, start: 0, duration: 180_000, timescale: 90_000, size: 9 },
  ...{ independent: true, gap: false, closedAt: 5_000 },
}

function indexOf(assetId: string, channelId: string | undefined): AssetIndex {
  return {
    assetId,
    begun: { channelId, at: 3_000 },
    timing: { targetDuration: 4, partTarget: 0.35 },
    epochs: [],
    tracks: [{ track: 1, kind: 'video', segments: [segment] }],
    ended: true,
    shed: false,
    removed: { segments: 0, discontinuities: 0 },
    version: 1,
    next: { msn: 1, part: 3 },
    bytes: 77,
  }
}

test('recordings that the database does not know are listed under the channel that their journal names', async () => {
  const notes: unknown[] = []
  const warnings: string[] = []
  const channels = new Map([
    ['as_known', 'ch_1'],
    ['as_lost', 'ch_1'],
    ['as_old', undefined],
    ['as_other', 'ch_gone'],
  ])
  await adoptRecordings({
    store: {
      ended: async () => [...channels.keys(), 'as_deleted'],
      index: async (id) => (id === 'as_deleted' ? undefined : indexOf(id, channels.get(id))),
    },
    unknown: async (ids) => ids.filter((id) => id !== 'as_known'),
    register: { started: async (note) => void notes.push(note), ended: async (note) => void notes.push(note) },
    findChannel: (id) => (id === 'ch_1' ? { id, slug: 'main' } : undefined),
    log: { debug() {}, info() {}, warn: (fields) => void warnings.push(JSON.stringify(fields)), error() {} },
  })
  assert.deepEqual(notes, [
    { assetId: 'as_lost', channelId: 'ch_1', startedAt: 3_000 },
    { assetId: 'as_lost', endedAt: 5_000, duration: 2_000, bytes: 77 },
  ])
  assert.deepEqual(warnings, ['{"asset":"as_lost","channel":"main"}', '{"recordings":2}'])
})

test('many are asked for a few hundred at a time', async () => {
  const asked: number[] = []
  await adoptRecordings({
    store: { ended: async () => Array.from({ length: 1_001 }, (_, i) => `as_${i}`), index: async () => undefined },
    unknown: async (ids) => {
      asked.push(ids.length)
      return []
    },
    register: { started: async () => {}, ended: async () => {} },
    findChannel: () => undefined,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  assert.deepEqual(asked, [500, 500, 1])
})
