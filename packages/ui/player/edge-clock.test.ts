import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEdgeClock } from './edge-clock.ts'

test('with right clocks the distance is simply now minus the date of the frame', () => {
  const clock = createEdgeClock()
  clock.update(100_000, 100_300)
  assert.equal(clock.behind(99_000, 100_300), 1.3)
})

test('a viewer whose clock is an hour wrong sees about the same', () => {
  for (const wrong of [-3_600_000, 3_600_000]) {
    const clock = createEdgeClock()
    for (let i = 0; i < 10; i++) clock.update(100_000 + i * 333, 100_000 + i * 333 + 350 + (i % 3) * 40 + wrong)
    const behind = clock.behind(102_000, 103_350 + wrong)
    assert.ok(behind > 1.2 && behind < 1.6, String(behind))
  }
})

test('it is never ahead of live', () => {
  assert.equal(createEdgeClock().behind(2000, 1000), 0)
})
