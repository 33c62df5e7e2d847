import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGather } from './gather.ts'

test('chunks of all sizes are put together in order', () => {
  const gather = createGather()
  const sizes = [0, 1, 16_383, 16_384, 3, 200_000, 60_000, 16_000, 16_000, 1]
  const chunks = sizes.map((size, i) => new Uint8Array(size).fill(i))
  for (const chunk of chunks) gather.push(chunk)
  assert.deepEqual(Buffer.from(gather.bytes()), Buffer.concat(chunks))
  assert.equal(createGather().bytes().byteLength, 0)
})

test('of small chunks nothing is kept but their bytes', () => {
  const gather = createGather()
  const chunk = new Uint8Array(1)
  for (let i = 0; i < 100_000; i++) {
    chunk[0] = i
    gather.push(chunk)
  }
  assert.ok(gather.bytes().every((byte, i) => byte === (i & 0xff)))
})
