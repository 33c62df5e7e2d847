import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'

test('reads bits from the most significant on, across bytes', () => {
  const bits = new BitReader(Uint8Array.from([0b1010_0110, 0b1100_0001, 0xff]), 'test')
  assert.equal(bits.u(3), 0b101)
  assert.equal(bits.u(8), 0b0011_0110)
  assert.equal(bits.flag(), false)
  assert.equal(bits.position, 12)
  bits.skip(3)
  assert.equal(bits.flag(), true)
  assert.equal(bits.remaining, 8)
})

test('reads 32 bits as an unsigned number, also unaligned', () => {
  assert.equal(new BitReader(Uint8Array.from([0xff, 0xff, 0xff, 0xfe]), 'test').u(32), 0xfffffffe)
  const shifted = new BitReader(Uint8Array.from([0x7f, 0xff, 0xff, 0xff, 0x80]), 'test')
  shifted.skip(1)
  assert.equal(shifted.u(32), 0xffffffff)
})

test('align goes to the next byte border and stays there', () => {
  const bits = new BitReader(Uint8Array.from([0, 0xab]), 'test')
  bits.align()
  assert.equal(bits.position, 0)
  bits.skip(1)
  bits.align()
  assert.equal(bits.u(8), 0xab)
})

test('Exp-Golomb codes of H.264 table 9-2 and 9-3', () => {
  // 1 | 010 | 011 | 00100 | 00101 | 00110 | 00111 | 0001000
  const code = Uint8Array.from([0b1010_0110, 0b0100_0010, 0b1001_1000, 0b1110_0010, 0b0000_0000])
  const unsigned = new BitReader(code, 'test')
  assert.deepEqual(
    Array.from({ length: 8 }, () => unsigned.ue()),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  const signed = new BitReader(code, 'test')
  assert.deepEqual(
    Array.from({ length: 8 }, () => signed.se()),
    [0, 1, -1, 2, -2, 3, -3, 4],
  )
})

test('the largest Exp-Golomb code is 2^32 − 2, a longer one is malformed', () => {
  const largest = new BitWriter()
    .u(31, 0)
    .u(1, 1)
    .u(31, 2 ** 31 - 1)
  assert.equal(new BitReader(largest.finish(), 'test').ue(), 2 ** 32 - 2)
  assert.throws(() => new BitReader(new Uint8Array(20), 'test').ue(), { code: 'malformed' })
})

test('reading past the end throws truncated at every cut', () => {
  for (let length = 0; length < 4; length++) {
    const bits = new BitReader(new Uint8Array(length), 'test')
    assert.throws(() => bits.u(25), { code: 'truncated' })
    assert.throws(() => bits.skip(33), { code: 'truncated' })
    assert.throws(() => bits.skip(-1), { code: 'truncated' })
  }
  assert.throws(() => new BitReader(Uint8Array.of(0), 'test').ue(), { code: 'truncated' })
})
