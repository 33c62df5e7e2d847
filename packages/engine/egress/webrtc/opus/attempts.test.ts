import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPUS_LIMITS } from '../limits.ts'
import { createAttempts } from './attempts.ts'

const { failures, restartMs, provenMs } = OPUS_LIMITS

test('each failure in a row makes the rest twice as long, and the last one is the last', () => {
  const attempts = createAttempts()
  assert.equal(attempts.rests(0), false)
  let now = 0
  for (let n = 0; n < failures - 1; n++) {
    assert.equal(attempts.failed(now), true)
    const rest = restartMs * 2 ** n
    assert.deepEqual([attempts.rests(now + rest - 1), attempts.rests(now + rest)], [true, false])
    now += rest
  }
  assert.equal(attempts.failed(now), false)
})

test('a program that works for a minute between its failures is never given up', () => {
  const attempts = createAttempts()
  for (let n = 0, now = 0; n < failures * 3; n++, now += provenMs) {
    attempts.worked(now)
    assert.equal(attempts.failed(now + provenMs), true)
  }
})
