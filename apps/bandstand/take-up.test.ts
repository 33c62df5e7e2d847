import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetIndex } from '@bandstand/engine/store/port.ts'
import { PlatformError } from '@bandstand/platform/error.ts'
import { takeUpBroadcasts } from './take-up.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

function indexOf(assetId: string, ended: boolean): AssetIndex {
  const segment = {
    msn: 0,
    epoch: 0,
    firstPart: 0,
    lastPart: 2,
    start: 0,
    duration: 180_000,
    timescale: 90_000,
    size: 9,
    independent: true,
    gap: false,
    closedAt: 5_000,
  }
  return {
    assetId,
    timing: { targetDuration: 4, partTarget: 0.35 },
    epochs: [],
    tracks: [{ track: 1, kind: 'video', segments: [segment] }],
    ended,
    shed: false,
    removed: { segments: 0, discontinuities: 0 },
    version: 1,
    next: { msn: 1, part: 3 },
    bytes: 77,
  }
}

/** A start that finds rows of these assets, and files as given. */
async function start(
  rows: readonly string[],
  recovered: readonly AssetIndex[],
  index: (assetId: string) => Promise<AssetIndex | undefined> = async () => undefined,
  isFull = false,
) {
  const notes: unknown[] = []
  const restored: string[] = []
  const finished: string[] = []
  await takeUpBroadcasts({
    store: {
      recover: async () => recovered,
      index,
      isUnreadable: (assetId) => assetId === 'as_unreadable',
      resume(assetId) {
        finished.push(assetId)
        const done = async () => {}
        const state = { recording: true, droppedParts: 0 }
        const read = async () => undefined
        return { epoch() {}, part() {}, reserve() {}, end: done, suspend: done, written: done, read, state }
      },
    },
    register: {
      open: async () => rows.map((assetId) => ({ assetId, channelId: 'ch_1', slug: 'main', startedAt: 1 })),
      started: async (note) => void notes.push(note),
      ended: async (note) => {
        if (isFull) throw new PlatformError('disk-full', 'database or disk is full')
        notes.push(note)
      },
    },
    findChannel: (id) => (id === 'ch_1' ? { id, slug: 'main' } : undefined),
    channels: { restore: (open) => void restored.push(...open.map(({ index }) => index.assetId)) },
    log: silent,
    now: () => 9_000,
  })
  return { notes, restored, finished }
}

test('a broadcast that was found goes on; one of no row is finished', async () => {
  const found = [indexOf('as_1', false), indexOf('as_lost', false)]
  assert.deepEqual(await start(['as_1'], found), { notes: [], restored: ['as_1'], finished: ['as_lost'] })
})

test('a row whose recording has ended, or is gone, is closed with what there is', async () => {
  const { notes } = await start(['as_1', 'as_gone'], [], async (id) => (id === 'as_1' ? indexOf(id, true) : undefined))
  assert.deepEqual(notes, [
    { assetId: 'as_1', endedAt: 5_000, duration: 2_000, bytes: 77 },
    { assetId: 'as_gone', endedAt: 9_000, duration: 0, bytes: 0 },
  ])
})

test('a row whose recording cannot be read now stays open, and the others are taken up', async () => {
  const started = await start(['as_unreadable', 'as_broken', 'as_1'], [indexOf('as_1', false)], async (id) => {
    if (id === 'as_broken') throw Object.assign(new TypeError('bad sector'), { code: 'EIO' })
    return undefined
  })
  assert.deepEqual(started, { notes: [], restored: ['as_1'], finished: [] })
})

test('a broadcast that could not be noted when it began is noted and goes on, in its channel', async () => {
  const lost = (assetId: string, channelId: string) => ({ ...indexOf(assetId, false), begun: { channelId, at: 500 } })
  const started = await start(['as_2'], [indexOf('as_2', false), lost('as_1', 'ch_1'), lost('as_3', 'ch_gone')])
  assert.deepEqual(started, {
    notes: [{ assetId: 'as_1', channelId: 'ch_1', startedAt: 500 }],
    // The later of one channel goes on.
    restored: ['as_2', 'as_1'],
    finished: ['as_3'],
  })
})

test('a disk that is full keeps no server from starting', async () => {
  assert.deepEqual((await start(['as_gone', 'as_1'], [indexOf('as_1', false)], undefined, true)).restored, ['as_1'])
})
