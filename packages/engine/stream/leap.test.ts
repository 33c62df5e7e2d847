import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadlineAfterLeap, happenedAfterLeap } from './leap.ts'

const HOUR = 3_600_000

test('what happened before a leap is as long ago as before it', () => {
  assert.equal(happenedAfterLeap(10_000, HOUR, 11_000 + HOUR), 10_000 + HOUR)
  assert.equal(happenedAfterLeap(2 * HOUR, -HOUR, HOUR + 1_000), HOUR)
})

test('what happened after a leap, before that was found, stays, and nothing has happened in the future', () => {
  assert.equal(happenedAfterLeap(HOUR + 500, HOUR, HOUR + 1_000), HOUR + 1_000)
  assert.equal(happenedAfterLeap(HOUR + 500, -HOUR, HOUR + 1_000), HOUR + 500)
})

test('a deadline of before a leap is as far ahead as before it', () => {
  assert.equal(deadlineAfterLeap(20_000, 30_000, HOUR, 10_000 + HOUR), 20_000 + HOUR)
  assert.equal(deadlineAfterLeap(2 * HOUR + 10_000, 30_000, -HOUR, HOUR), HOUR + 10_000)
})

test('one that was set after a leap, before that was found, stays, and none is further ahead than any may be', () => {
  assert.equal(deadlineAfterLeap(HOUR + 30_000, 30_000, HOUR, HOUR + 50), HOUR + 30_050)
  assert.equal(deadlineAfterLeap(HOUR + 30_000, 30_000, -HOUR, HOUR + 50), HOUR + 30_000)
})
