import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tooSlow } from './slow-part.ts'

const part = { duration: 0.333, bytes: 83_000, ahead: 0.9 }

test('a part that comes in a fraction of its duration changes nothing', () => {
  assert.equal(tooSlow({ ...part, transfer: 0.08 }), undefined)
  assert.equal(tooSlow({ ...part, transfer: 0.2 }), undefined)
})

test('a part that takes nearly as long as it plays limits the next rendition to what the link has left', () => {
  const limit = tooSlow({ ...part, transfer: 0.553 }) ?? 0
  assert.ok(Math.abs(limit - 720_000) < 5000, `${limit} bit/s of a link of 1.2 Mbit/s`)
})

test('with much in the buffer there is no hurry', () => {
  assert.equal(tooSlow({ ...part, transfer: 0.553, ahead: 12 }), undefined)
})
