import assert from 'node:assert/strict'
import { test } from 'node:test'
import { behindText, clockText, spokenText } from './time-text.ts'

test('times on the bar', () => {
  assert.deepEqual([0, 59.9, 61, 3661, Number.NaN, -5].map(clockText), [
    '0:00',
    '0:59',
    '1:01',
    '1:01:01',
    '0:00',
    '0:00',
  ])
})

test('times for a screen reader', () => {
  assert.equal(spokenText(3661), '1 hour 1 minute 1 second')
  assert.equal(spokenText(120), '2 minutes')
  assert.equal(spokenText(0), '0 seconds')
})

test('distance from live', () => {
  assert.deepEqual([0.15, 1.44, 4.96, 42, 185].map(behindText), ['0.15 s', '1.4 s', '5 s', '42 s', '3:05'])
})
