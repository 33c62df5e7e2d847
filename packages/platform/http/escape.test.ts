import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeHtml } from './escape.ts'

test('escaping covers what HTML reads', () => {
  assert.equal(escapeHtml(`&<>"'`), '&#38;&#60;&#62;&#34;&#39;')
})
