import assert from 'node:assert/strict'
import { test } from 'node:test'
import { segmentsKept } from './delta.ts'

test('a delta update lists what is within six targets of the end, wholly or in part, or touches that', () => {
  assert.equal(segmentsKept(Array(50).fill(2), 4), 13)
  assert.equal(segmentsKept(Array(50).fill(2.1), 4), 12)
  assert.equal(segmentsKept([2, 2], 4), 2)
  assert.equal(segmentsKept([], 4), 0)
})
