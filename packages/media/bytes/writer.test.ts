import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader } from './reader.ts'
import { ByteWriter } from './writer.ts'

test('writes big-endian fields one after the other', () => {
  const writer = new ByteWriter(1)
  writer
    .u8(1)
    .u16(0x0203)
    .u24(0x040506)
    .u32(0x0708090a)
    .i32(-2)
    .u32le(0x0708090a)
    .u64(2 ** 33 + 1)
    .ascii('moov')
  assert.deepEqual(
    [...writer.finish()],
    [
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10, // u8 u16 u24 u32
      0xff,
      0xff,
      0xff,
      0xfe, // i32
      10,
      9,
      8,
      7, // u32le
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      1, // u64
      0x6d,
      0x6f,
      0x6f,
      0x76, // ascii
    ],
  )
})

test('what is written is read back', () => {
  const writer = new ByteWriter(0).f64(-0.25).u64(Number.MAX_SAFE_INTEGER).bytes(Uint8Array.of(7, 8))
  const reader = new ByteReader(writer.finish(), 'test')
  assert.equal(reader.f64(), -0.25)
  assert.equal(reader.u64(), Number.MAX_SAFE_INTEGER)
  assert.deepEqual([...reader.rest()], [7, 8])
})

test('grows past its first allocation', () => {
  const writer = new ByteWriter(4)
  for (let i = 0; i < 1000; i++) writer.u32(i)
  assert.equal(writer.length, 4000)
  assert.equal(new ByteReader(writer.view().subarray(3996), 'test').u32(), 999)
})

test('finish is a copy, view is not', () => {
  const writer = new ByteWriter().u32(1)
  const copy = writer.finish()
  const view = writer.view()
  writer.patchU32(0, 2)
  assert.equal(copy[3], 1)
  assert.equal(view[3], 2)
})

test('a value that its field cannot hold is refused, not wrapped', () => {
  const writes: ((w: ByteWriter) => unknown)[] = [
    (w) => w.u8(256),
    (w) => w.u8(-1),
    (w) => w.u16(65_536),
    (w) => w.u24(2 ** 24),
    (w) => w.u32(2 ** 32),
    (w) => w.u32(1.5),
    (w) => w.u32(Number.NaN),
    (w) => w.i32(2 ** 31),
    (w) => w.u32le(-1),
    (w) => w.u64(2 ** 53),
    (w) => w.ascii('é'),
    (w) => w.patchU32(0, 1),
  ]
  for (const write of writes) {
    const writer = new ByteWriter()
    assert.throws(() => write(writer), { code: 'malformed' }, String(write))
    assert.equal(writer.length, 0)
  }
})
