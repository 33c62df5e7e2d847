import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTimeline } from '../timeline/timeline.ts'
import { audioConfig, encode, videoConfig } from './fixtures/encoder.ts'
import { createStudio } from './fixtures/studio.ts'
import type { Epoch, Part } from './model.ts'
import { createPackager } from './packager.ts'

test('after a restart numbers go on above all that was reserved, times on from the end, unchanged inits keep their number', () => {
  const before = createStudio()
  before.stream({ seconds: 10 })
  const reserved = before.recorded.reserved.at(-1)
  const timing = before.timing
  const old = before.recorded.epochs[0]
  assert.ok(reserved !== undefined && timing !== undefined && old !== undefined)
  const parts: Part[] = []
  const epochs: Epoch[] = []
  const packager = createPackager({
    timing,
    start: { msn: reserved.msn + 1, part: reserved.part + 1 },
    before: before.recorded.epochs,
    sinks: [{ epoch: (e) => epochs.push(e), part: (p) => parts.push(p), reserve: () => undefined }],
  })
  const timeline = createTimeline({ start: 901_234, firstEpoch: 1, notBefore: old.wallClock + 20_000 })
  const take = (events: ReturnType<typeof timeline.tick>) => {
    for (const event of events) packager.handle(event, 0)
  }
  take(timeline.startEpoch(0))
  take(timeline.configure(VIDEO_TRACK, videoConfig(), 0))
  take(timeline.configure(AUDIO_TRACK, audioConfig(), 0))
  for (const { unit } of encode({ seconds: 5 })) take(timeline.unit(unit, 0))
  packager.finish(0)
  assert.ok(parts.every((p) => p.number > reserved.part && p.msn > reserved.msn && p.epoch === 1))
  assert.equal(parts[0]?.start, 901_234)
  assert.deepEqual(
    epochs[0]?.tracks.map((t) => t.initNumber),
    [0, 0],
  )
  assert.equal(epochs[0]?.wallClock, old.wallClock + 20_000)
  assert.ok(parts.at(-1)?.last)
})

/** What one process after another shows of initialisation segments; only `durable` of the epochs before is known. */
function shown(start: { msn: number; part: number }, durable: readonly Epoch[], variants: readonly number[]) {
  const epochs: Epoch[] = []
  const reserved: number[] = []
  const packager = createPackager({
    timing: { targetDuration: 4, partTarget: 0.35 },
    start,
    before: durable,
    sinks: [{ epoch: (e) => epochs.push(e), part() {}, reserve: ({ part }) => reserved.push(part) }],
  })
  for (const [i, variant] of variants.entries()) {
    const track = { track: VIDEO_TRACK, config: videoConfig(variant), frameDuration: 1 / 30 }
    const at = { id: durable.length + i, start: i * 900_000, wallClock: i * 10_000 }
    packager.handle({ kind: 'epoch-opened', ...at, tracks: [track], reason: 'encoder' }, 0)
    packager.handle({ kind: 'epoch-closed', id: at.id, end: at.start }, 0)
    for (const { initNumber } of epochs.at(-1)?.tracks ?? []) assert.ok(initNumber <= (reserved.at(-1) ?? 0))
  }
  return { epochs, numbers: epochs.map(({ tracks }) => tracks[0]?.initNumber) }
}

test('an initialisation segment has no name that was shown by a process whose epochs are lost', () => {
  const before = shown({ msn: 3, part: 0 }, [], [0, 1, 2])
  assert.deepEqual(before.numbers, [0, 1, 2])
  for (const durable of [[], before.epochs.slice(0, 1), before.epochs]) {
    const { numbers } = shown({ msn: 20, part: 1025 }, durable, [3, 4])
    assert.deepEqual(numbers, [1025, 1026])
  }
})
