import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoff } from './backoff.ts'

test('the first retry comes within half a second', () => {
  assert.ok(backoff(1, 0, 0.999) <= 400)
  assert.ok(backoff(1, 0, 0) >= 200)
})

test('a server that is back within a minute is found within a second, however many attempts that took', () => {
  for (let attempt = 2; attempt <= 200; attempt++) assert.ok(backoff(attempt, 59_999, 0.999) <= 1000)
})

test('a long trouble is asked about every 4 to 8 seconds, however many attempts there were', () => {
  assert.equal(backoff(5000, 60_000, 0), 4000)
  assert.ok(backoff(16, 3_600_000, 0.999) <= 8000)
})
