import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../error.ts'
import { ByteReader } from './reader.ts'

const BYTES = Uint8Array.from([0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0x41, 0x42, 0x43, 0x44])

/** Every read with its size and what it gives from the front of `BYTES`. */
const READS: readonly (readonly [string, number, (r: ByteReader) => unknown, unknown])[] = [
  ['u8', 1, (r) => r.u8(), 0xff],
  ['u16', 2, (r) => r.u16(), 0xfffe],
  ['u24', 3, (r) => r.u24(), 0xfffefd],
  ['u32', 4, (r) => r.u32(), 0xfffefdfc],
  ['u32le', 4, (r) => r.u32le(), 0xfcfdfeff],
  ['i16', 2, (r) => r.i16(), -2],
  ['i24', 3, (r) => r.i24(), -259],
  ['i32', 4, (r) => r.i32(), -66_052],
  ['bytes', 3, (r) => [...r.bytes(3)], [0xff, 0xfe, 0xfd]],
]

for (const [name, size, read, expected] of READS) {
  test(`${name} reads ${size} big-endian bytes`, () => {
    const reader = new ByteReader(BYTES, 'test')
    assert.deepEqual(read(reader), expected)
    assert.equal(reader.offset, size)
  })
  test(`${name} throws truncated at every cut and leaves the offset`, () => {
    for (let length = 0; length < size; length++) {
      const reader = new ByteReader(BYTES.subarray(0, length), 'test')
      assert.throws(
        () => read(reader),
        (error) => error instanceof MediaError && error.code === 'truncated',
      )
      assert.equal(reader.offset, 0)
    }
  })
}

test('u64 takes safe integers and refuses larger ones', () => {
  const safe = Uint8Array.from([0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
  assert.equal(new ByteReader(safe, 'test').u64(), Number.MAX_SAFE_INTEGER)
  const above = Uint8Array.from([0x00, 0x20, 0, 0, 0, 0, 0, 0])
  assert.throws(() => new ByteReader(above, 'test').u64(), { code: 'malformed' })
})

test('f64 and fourcc', () => {
  const bytes = Uint8Array.from([0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0x6d, 0x6f, 0x6f, 0x76])
  const reader = new ByteReader(bytes, 'test')
  assert.equal(reader.f64(), Math.PI)
  assert.equal(reader.fourcc(), 'moov')
})

test('reads within a view, not in the memory around it', () => {
  const reader = new ByteReader(BYTES.subarray(8, 10), 'test')
  assert.equal(reader.u16(), 0x4142)
  assert.throws(() => reader.u8(), { code: 'truncated' })
})

test('a negative or missing length is truncated, never a step back', () => {
  const reader = new ByteReader(BYTES, 'test')
  for (const length of [-1, Number.NaN, 13]) assert.throws(() => reader.skip(length), { code: 'truncated' })
  assert.equal(reader.offset, 0)
})

test('an error says what was parsed, where, and what stood there', () => {
  const reader = new ByteReader(BYTES, 'avcC')
  reader.skip(9)
  assert.throws(
    () => reader.u32(),
    (error) => {
      assert(error instanceof MediaError)
      assert.deepEqual(error.context, { offset: 9, structure: 'avcC', hex: '42 43 44' })
      return true
    },
  )
})
