import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKnown } from './etag.ts'

test('an answer is known when the header names it, weak or strong, among others', () => {
  for (const header of ['"a"', 'W/"a"', '"b", W/"a"', '"b","a"']) assert.equal(isKnown(header, '"a"'), true, header)
  for (const header of [undefined, '', 'a', '"b"', '"ab"']) assert.equal(isKnown(header, '"a"'), false, header)
})
