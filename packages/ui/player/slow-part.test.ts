import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lessAnew, tooSlow } from './slow-part.ts'

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

test('a segment is fetched anew where that is less than what is missing of it', () => {
  const segment = { duration: 2, bytes: 20_000, bitrate: 2_000_000, next: 300_000 }
  assert.equal(lessAnew({ ...segment, left: 2 }), true)
  assert.equal(lessAnew({ ...segment, left: 1 }), true)
  // Of its last part little is missing.
  assert.equal(lessAnew({ ...segment, left: 0.333 }), false)
  assert.equal(lessAnew({ ...segment, left: 1, next: 1_000_000 }), false)
})
