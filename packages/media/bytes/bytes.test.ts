import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, sameBytes } from './bytes.ts'

test('bytes are the same when length and content are', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  assert.equal(sameBytes(bytes, Uint8Array.of(0, 1, 2, 3).subarray(1)), true)
  assert.equal(sameBytes(new Uint8Array(), new Uint8Array()), true)
  for (const other of [[1, 2], [1, 2, 4], [1, 2, 3, 0], []])
    assert.equal(sameBytes(bytes, Uint8Array.from(other)), false)
})

test('pieces are put together in a memory of their own', () => {
  const piece = Uint8Array.of(1, 2)
  const whole = concatBytes([piece, new Uint8Array(), Uint8Array.of(3)])
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3))
  whole[0] = 9
  assert.equal(piece[0], 1)
  assert.equal(concatBytes([]).byteLength, 0)
})
