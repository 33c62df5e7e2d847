import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRtcp } from '../../rtcp/compound.ts'
import { createArrivals } from './arrivals.ts'

test('what came is told from the last feedback on, with what is missing', () => {
  const arrivals = createArrivals()
  for (const sequence of [65_534, 65_535, 1]) arrivals.add(sequence, 1_000)
  const first = arrivals.feedback(1, 2)
  assert.deepEqual(
    [first?.base, first?.deltas.map((delta) => delta !== undefined)],
    [65_534, [true, true, false, true]],
  )
  arrivals.add(4, 1_010)
  arrivals.add(0, 1_010)
  const second = arrivals.feedback(1, 2)
  assert.deepEqual([second?.base, second?.deltas.map((delta) => delta !== undefined)], [2, [false, false, true]])
  assert.equal(arrivals.feedback(1, 2), undefined)
})

test('numbers that jump about make no feedback that is larger, or cannot be sent', () => {
  for (const step of [500, 511, 512, 3_000, 32_000, -511, -600, -32_000]) {
    const arrivals = createArrivals()
    for (let round = 0, sequence = 0; round < 4; round++) {
      for (let i = 0; i < 600; i++, sequence += step) arrivals.add(sequence & 0xffff, round * 100)
      const feedback = arrivals.feedback(1, 2)
      if (feedback === undefined) continue
      assert.ok(feedback.deltas.length <= 512, `${step}: ${feedback.deltas.length} packets`)
      assert.ok(printRtcp([feedback]).byteLength < 1_500)
    }
  }
})
