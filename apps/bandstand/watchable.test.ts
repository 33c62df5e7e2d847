import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import { createMemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import { createHub } from '@bandstand/engine/stream/hub.ts'
import { HUB_LIMITS } from '@bandstand/engine/stream/limits.ts'
import { createLadderMachine } from '@bandstand/engine/transcode/machine.ts'
import { createWatchables } from './watchable.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

function stage(ffmpeg: string | undefined, mode: LadderSettings['mode']) {
  const hub = createHub({ keep: true, onFault() {} })
  const watchable = createWatchables({
    ffmpeg,
    trials: { of: async () => ({ works: true }) },
    machine: createLadderMachine(),
    settingsOf: () => ({ mode, encoder: 'x264', preset: 'veryfast', rungs: [] }),
    budget: createMemoryBudget(1 << 20),
    log: silent,
    now: Date.now,
  })
  const units = { hub, rungs: [], askForRungs() {}, diagnose: () => undefined }
  return { hub, stream: watchable({ id: 'ch_1', slug: 'main' }, units) }
}

test('nothing is encoded again without ffmpeg, nor where the owner has switched that off, and it is said which', () => {
  assert.equal(stage(undefined, 'on-demand').stream.plain(), 'this server has no ffmpeg')
  assert.equal(stage('ffmpeg', 'off').stream.plain(), 'encoding on the server is switched off for this channel')
})

test('a broadcast is made without B-frames once, until it ends', () => {
  const { hub, stream } = stage('ffmpeg', 'on-demand')
  const [first, second] = [stream.plain(), stream.plain()]
  assert.ok(typeof first === 'object' && typeof second === 'object')
  assert.equal(first.hub, second.hub)
  assert.notEqual(first.hub, hub)
  assert.equal(hub.readers, 1)
  hub.end()
  return new Promise<void>((done) => setImmediate(() => done(assert.equal(first.hub.ended, true))))
})

test('a broadcast that too many read is not made without B-frames, until there is room', () => {
  const { hub, stream } = stage('ffmpeg', 'on-demand')
  const readers = []
  while (hub.readers < HUB_LIMITS.readers) {
    readers.push(
      hub.read({ name: 'other', from: 'now', maxBytes: 1, maxDuration: 1, isUrgent: () => true, onReady() {} }),
    )
  }
  assert.equal(stream.plain(), 'too many read this stream')
  readers[0]?.close()
  assert.equal(typeof stream.plain(), 'object')
  hub.end()
})

test('of a broadcast that is over nothing is begun any more', () => {
  const { hub, stream } = stage('ffmpeg', 'on-demand')
  hub.end()
  assert.equal(stream.plain(), 'the broadcast is over')
})
