import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STALE_STATES } from '../follow.ts'
import { createPolled, noteText } from './polled.ts'

test('a playlist that comes again and again as it was is not read each time', () => {
  const one = createPolled('x')
  one.reload = { after: 150, query: '', headMs: 0 }
  const read = (text: string, times: number) => Array.from({ length: times }, () => noteText(one, text) === undefined)
  assert.equal(read('a', 100).filter(Boolean).length, STALE_STATES)
  assert.deepEqual(read('b', 1), [true])
  // Older than the one before: that it stays is how a new beginning is known.
  assert.equal(read('a', 100).filter(Boolean).length, STALE_STATES)
})
