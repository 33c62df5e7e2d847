import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortKey, statusOf } from './status.ts'

test('a key is cut to four characters, and a key that short is not shown at all', () => {
  assert.equal(shortKey('abcdefgh'), 'abcd…')
  assert.equal(shortKey('abcd'), '…')
})

test('what the key is to blame for is BadName, the rest Rejected', () => {
  assert.equal(statusOf('wrong-key'), 'NetStream.Publish.BadName')
  assert.equal(statusOf('expired'), 'NetStream.Publish.BadName')
  assert.equal(statusOf('forbidden'), 'NetStream.Publish.Rejected')
  assert.equal(statusOf('in-use'), 'NetStream.Publish.BadName')
  for (const code of ['taken-over', 'limit', 'stopped', 'unavailable'] as const) {
    assert.equal(statusOf(code), 'NetStream.Publish.Rejected')
  }
})
