import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PACKAGER_LIMITS } from './limits.ts'
import type { Epoch } from './model.ts'
import { createSourceCuts, type EpochCuts, oldestOpen, type SourceCuts } from './source-cuts.ts'

const S = 90_000
const open = PACKAGER_LIMITS.rungOpenSegments

function epoch(id: number, start: number): Epoch {
  return { id, start, wallClock: 0, tracks: [] }
}

/** An epoch from `start` on with segments of 2 s. */
function openEpoch(cuts: SourceCuts, id: number, msn: number, start: number, segments: number): EpochCuts {
  cuts.opened(epoch(id, start), msn)
  for (let i = 1; i < segments; i++) cuts.cut(start + i * 2 * S, true)
  assert.ok(cuts.newest)
  return cuts.newest
}

test('open to a rung are the newest segments of the running epoch, and none of one that is over', () => {
  const cuts = createSourceCuts()
  assert.deepEqual(cuts.starts, [])
  const first = openEpoch(cuts, 0, 3, 0, 2)
  assert.equal(oldestOpen(first), 3)
  assert.deepEqual(cuts.starts, [0, 2 * S])
  for (let i = 2; i < open + 5; i++) cuts.cut(i * 2 * S, true)
  assert.equal(oldestOpen(first), 3 + 4)
  assert.equal(cuts.starts.length, open + 1)
  assert.equal(cuts.starts[0], 4 * 2 * S)
  cuts.closed(100 * S, 50)
  assert.deepEqual(cuts.starts, [])
})

test('what is decided never goes back, and is all of an epoch that is over', () => {
  const cuts = createSourceCuts()
  const only = openEpoch(cuts, 0, 3, 10 * S, 1)
  assert.equal(only.decided, 10 * S)
  cuts.decided(12 * S)
  cuts.decided(11 * S)
  assert.equal(only.decided, 12 * S)
  cuts.closed(13 * S, 4)
  cuts.closed(14 * S, 5)
  assert.equal(only.decided, 13 * S)
  assert.deepEqual(only.over, { end: 13 * S, last: 4 })
})

test('an epoch is kept as long as something is in it, a segment as long as something has not passed it', () => {
  const cuts = createSourceCuts()
  const first = openEpoch(cuts, 0, 3, 0, open + 10)
  cuts.forget([{ cuts: first, msn: 5 }])
  assert.equal(first.list.startOf(4), undefined)
  assert.equal(first.list.startOf(5), 4 * S)
  cuts.closed(100 * S, open + 12)
  const second = openEpoch(cuts, 1, open + 13, 100 * S, 1)
  assert.equal(cuts.after(first), second)
  assert.equal(cuts.after(second), undefined)
  cuts.forget([
    { cuts: first, msn: open + 12 },
    { cuts: second, msn: open + 13 },
  ])
  assert.equal(cuts.after(first), second)
})
