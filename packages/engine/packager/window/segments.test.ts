import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epoch } from '../../store/fixtures/material.ts'
import { firstGap, gapSeconds, gapSegment, gapsBetween, seconds } from './segments.ts'

const before = gapSegment(10, {
  ...{ epoch: epoch(0), start: 0, duration: 180_000, timescale: 90_000, initNumber: 0 },
})

test('numbers without media are listed the same whatever comes after them', () => {
  const three = gapsBetween(before, { msn: 14 })
  assert.deepEqual(
    three.map(({ msn, start, duration, bare }) => ({ msn, start, duration, bare })),
    [
      { msn: 11, start: 180_000, duration: 1_800, bare: true },
      { msn: 12, start: 181_800, duration: 1_800, bare: false },
      { msn: 13, start: 183_600, duration: 1_800, bare: false },
    ],
  )
  assert.deepEqual(gapsBetween(before, { msn: 13 }), three.slice(0, 2))
  assert.deepEqual(gapsBetween(firstGap(before), { msn: 14 }), three.slice(1))
  assert.deepEqual(gapsBetween(before, { msn: 11 }), [])
  assert.equal(
    three.reduce((sum, gap) => sum + seconds(gap), 0),
    gapSeconds(3),
  )
})
