import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoff } from './backoff.ts'

test('the first retry comes within half a second', () => {
  assert.ok(backoff(1, 0.999) <= 400)
  assert.ok(backoff(1, 0) >= 200)
})

test('a server that is back after a few seconds is found within a second', () => {
  for (let attempt = 2; attempt <= 15; attempt++) assert.ok(backoff(attempt, 0.999) <= 1000)
})

test('a long trouble is asked about every 4 to 8 seconds, however many attempts there were', () => {
  assert.equal(backoff(5000, 0), 4000)
  assert.ok(backoff(16, 0.999) <= 8000)
})
