import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epoch } from '../../store/fixtures/material.ts'
import { gapSegment, holeDuration, programDateTime } from './segments.ts'

const before = gapSegment(10, {
  ...{ epoch: epoch(0), start: 0, duration: 180_000, timescale: 90_000, initNumber: 0 },
})

/** Segment of a later epoch that begins so many seconds after `before` ended. */
function after(msn: number, seconds: number) {
  const next = { ...epoch(1, 180_000), wallClock: programDateTime(before) + 2_000 + seconds * 1_000 }
  return gapSegment(msn, { epoch: next, start: 180_000, duration: 180_000, timescale: 90_000, initNumber: 0 })
}

test('numbers without media take together what the wall clock says is missing', () => {
  assert.equal(holeDuration(before, after(14, 0.6), 0.35), 18_000)
  assert.equal(holeDuration(before, after(27, 1.6), 0.35), 9_000)
})

test('none is longer than a part target or as good as nothing, whatever the clock says', () => {
  assert.equal(holeDuration(before, after(14, 60), 0.35), 31_500)
  assert.equal(holeDuration(before, after(14, -5), 0.35), 1_800)
  assert.equal(holeDuration(before, after(11, 1), 0.35), 31_500)
})
