import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, encode, videoConfig } from '../packager/fixtures/encoder.ts'
import { manualScheduler } from '../packager/fixtures/watched.ts'
import { createMemoryBudget } from '../packager/window/budget.ts'
import type { AssetWriter, SegmentStore } from '../store/port.ts'
import { createBroadcast } from './broadcast.ts'

/** A store that takes nothing any more once `broken`. */
function brokenStore() {
  const calls: string[] = []
  const store = { broken: false, calls }
  const writer: AssetWriter = {
    epoch() {},
    part() {
      if (store.broken) throw new TypeError('injected')
    },
    reserve() {},
    end: async () => void calls.push('end'),
    suspend: async () => void calls.push('suspend'),
    written: async () => {},
    state: { recording: true, droppedParts: 0 },
  }
  const port: Partial<SegmentStore> = { create: () => writer, index: async () => undefined }
  return { store, port: port as SegmentStore }
}

function live() {
  const { store, port } = brokenStore()
  const broadcast = createBroadcast({
    assetId: 'as_1',
    channelId: 'ch_1',
    store: port,
    recording: true,
    budget: createMemoryBudget(1 << 30),
    scheduler: manualScheduler(),
    keepsGroup: false,
    onReaderFault() {},
    nonce: 'test',
    onOpened() {},
    onGeneration() {},
  })
  const begun = 1_700_000_000_000
  broadcast.encoderArrived(begun)
  broadcast.configure(VIDEO_TRACK, videoConfig(), begun)
  broadcast.configure(AUDIO_TRACK, audioConfig(), begun)
  for (const { unit, at } of encode({ seconds: 3.1 })) broadcast.unit(unit, begun + at * 1000)
  return { broadcast, store, now: begun + 3_100 }
}

test('a broadcast whose last frames cannot be cut ends all the same, and says why afterwards', async () => {
  const { broadcast, store, now } = live()
  assert.equal(broadcast.live?.ended, false)
  store.broken = true
  await assert.rejects(broadcast.end(now), /injected/)
  assert.equal(broadcast.live?.ended, true)
  assert.deepEqual(store.calls, ['end'])
})

test('a broadcast whose last frames cannot be cut is left in order when the server stops', async () => {
  const { broadcast, store, now } = live()
  store.broken = true
  await assert.rejects(broadcast.suspend(now), /injected/)
  assert.deepEqual(store.calls, ['suspend'])
})
