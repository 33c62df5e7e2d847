import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nalSizeAt, rbsp } from './nal.ts'

test('removes emulation prevention bytes and the header', () => {
  const nal = Uint8Array.of(0x67, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 0, 3, 0xff)
  assert.deepEqual([...rbsp(nal)], [0, 0, 1, 0, 0, 0, 0, 0, 3, 0xff])
})

test('a NAL unit without them is a view', () => {
  const nal = Uint8Array.of(0x67, 3, 0, 3, 0, 1)
  assert.equal(rbsp(nal).buffer, nal.buffer)
  assert.deepEqual([...rbsp(nal)], [3, 0, 3, 0, 1])
})

test('stops at the limit', () => {
  assert.deepEqual([...rbsp(Uint8Array.of(0x67, 1, 2, 3, 4), 2)], [1, 2])
  assert.deepEqual([...rbsp(Uint8Array.of(0x67, 0, 0, 3, 4, 5), 3)], [0, 0, 4])
  assert.deepEqual([...rbsp(new Uint8Array(0))], [])
})

test('reads lengths of 1, 2 and 4 bytes and refuses those past the end', () => {
  assert.equal(nalSizeAt(Uint8Array.of(1, 9), 0, 1), 1)
  assert.equal(nalSizeAt(Uint8Array.of(0, 1, 9), 0, 2), 1)
  assert.equal(nalSizeAt(Uint8Array.of(0, 0, 0, 1, 9), 0, 4), 1)
  assert.throws(() => nalSizeAt(Uint8Array.of(0, 0, 0, 2, 9), 0, 4), { code: 'truncated' })
  assert.throws(() => nalSizeAt(Uint8Array.of(0, 0), 0, 4), { code: 'truncated' })
  assert.throws(() => nalSizeAt(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 9), 0, 4), { code: 'truncated' })
})
