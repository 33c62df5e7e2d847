import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64 } from './base64.ts'

test('Base64 of every length and value is read, with padding and without', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i * 7)
  for (let length = 0; length <= bytes.byteLength; length++) {
    const text = Buffer.from(bytes.subarray(0, length)).toString('base64')
    assert.deepEqual(fromBase64(text), bytes.subarray(0, length))
    assert.deepEqual(fromBase64(text.replaceAll('=', '')), bytes.subarray(0, length))
  }
})

test('what is no Base64 is nothing', () => {
  for (const text of ['A', 'AAAAA', 'AA A', 'AA==AA==', '=', '====', 'A===', 'AA=', 'Zm-_', 'AAé=', '😀😀']) {
    assert.equal(fromBase64(text), undefined, text)
  }
})
