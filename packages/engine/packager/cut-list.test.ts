import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCutList } from './cut-list.ts'

test('segments are numbered on from the first, and forgotten ones are not known any more', () => {
  const cuts = createCutList(7, 900)
  assert.deepEqual([cuts.newest, cuts.newestStart], [7, 900])
  cuts.cut(1800, false)
  cuts.cut(2700, true)
  assert.deepEqual([cuts.startOf(7), cuts.startOf(8), cuts.startOf(9), cuts.startOf(10)], [900, 1800, 2700, undefined])
  assert.deepEqual([7, 8, 9, 10].map(cuts.opensWithKey), [true, false, true, undefined])
  cuts.forget(9)
  assert.deepEqual([cuts.opensWithKey(8), cuts.opensWithKey(9)], [undefined, true])
  assert.deepEqual([cuts.newest, cuts.startOf(8), cuts.startOf(9)], [9, undefined, 2700])
  cuts.forget(99)
  assert.equal(cuts.newestStart, 2700)
})
