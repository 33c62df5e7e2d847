import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'

test('writes from the most significant bit on and fills the last byte with zeros', () => {
  assert.deepEqual([...new BitWriter().u(3, 0b101).flag(true).u(6, 0b000011).finish()], [0b1011_0000, 0b1100_0000])
  assert.deepEqual([...new BitWriter().finish()], [])
})

test('what is written is read back', () => {
  const bits = new BitReader(new BitWriter().u(5, 17).u(32, 0xdeadbeef).u(1, 0).u(11, 0x2b7).finish(), 'test')
  assert.deepEqual([bits.u(5), bits.u(32), bits.u(1), bits.u(11)], [17, 0xdeadbeef, 0, 0x2b7])
})

test('a value of too many bits is refused', () => {
  for (const value of [8, -1, 0.5, Number.NaN]) assert.throws(() => new BitWriter().u(3, value), { code: 'malformed' })
})
