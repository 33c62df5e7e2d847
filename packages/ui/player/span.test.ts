import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spanOf } from './span.ts'

const nothing = {
  startedAt: undefined,
  edge: 0,
  date: undefined,
  duration: undefined,
  window: undefined,
  currentTime: 0,
}

test('a running broadcast spans from its first frame to live', () => {
  const live = { ...nothing, startedAt: 10_000, edge: 70_000, currentTime: 3 }
  assert.deepEqual(spanOf({ ...live, date: 40_000 }), { dates: true, start: 10_000, length: 60, position: 30 })
  assert.equal(spanOf(live).position, 60, 'without a date it is live')
  assert.equal(
    spanOf({ ...live, edge: 9_000, date: 9_500 }).position,
    0,
    'a clock that is behind makes nothing negative',
  )
})

test('what has ended spans its own length', () => {
  const ended = { ...nothing, duration: 90, currentTime: 12 }
  assert.deepEqual(spanOf(ended), { dates: false, start: 0, length: 90, position: 12 })
  const window = { start: 1000, end: 31_000 }
  assert.equal(spanOf({ ...nothing, window }).length, 30, 'of a growing replay what is listed')
  assert.equal(spanOf({ ...nothing, startedAt: Number.NaN }).length, 0)
})
