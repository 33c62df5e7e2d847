import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stampOf } from './stamp.ts'

test('a file that differs in anything has another stamp', () => {
  const facts = { mtimeMs: 1000.25, size: 7, ino: 3 }
  const others = [{ mtimeMs: 1000.5 }, { size: 8 }, { ino: 4 }].map((other) => stampOf('/a', { ...facts, ...other }))
  assert.equal(new Set([stampOf('/a', facts), stampOf('/b', facts), ...others]).size, 5)
  assert.equal(stampOf('/a', facts), stampOf('/a', { ...facts }))
})
