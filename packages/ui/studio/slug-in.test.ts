import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slugIn } from './slug-in.ts'

test('the fragment names a channel, in any letters', () => {
  assert.equal(slugIn('#main'), 'main')
  assert.equal(slugIn(`#${encodeURIComponent('übung')}`), 'übung')
  assert.equal(slugIn(''), '')
})

test('a fragment that is no text names none', () => {
  assert.equal(slugIn('#%'), '')
})
