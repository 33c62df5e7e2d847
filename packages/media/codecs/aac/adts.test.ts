import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { adtsFrameBytes, createAdtsHeader, parseAdtsHeader } from './adts.ts'

const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected

test('a frame gets its header', () => {
  // AAC LC, 44.1 kHz, stereo.
  const header = createAdtsHeader(Uint8Array.of(0x12, 0x10))
  // fff1: sync, no checksum. 50: LC, rate 4. 80: two channels. Then 107 bytes: 0 0000 0110 1011, fullness, one block.
  assert.deepEqual(Buffer.from(header(100)).toString('hex'), 'fff150800d7ffc')
})

test('with explicit SBR the header tells of the core coder', () => {
  // HE-AAC: object type 5, core 24 kHz, output 48 kHz, stereo.
  const bits = (5n << 27n) | (6n << 23n) | (2n << 19n) | (3n << 15n) | (2n << 10n)
  const asc = Buffer.alloc(4)
  asc.writeUInt32BE(Number(bits))
  assert.equal((createAdtsHeader(asc)(1)[2] ?? 0) & 0x3c, 6 << 2)
})

test('frames of 960 samples, and a frame too long, have no header', () => {
  assert.throws(() => createAdtsHeader(Uint8Array.of(0x12, 0x14)), code('unsupported'))
  assert.throws(() => createAdtsHeader(Uint8Array.of(0x12, 0x10))(8185), code('too-large'))
})

test('a header that was made is read back', () => {
  for (const asc of ['1210', '1190', '1388', '11b8']) {
    const bytes = Uint8Array.from(Buffer.from(asc, 'hex'))
    const frame = createAdtsHeader(bytes)(100)
    const header = parseAdtsHeader(frame)
    assert.equal(Buffer.from(header.asc).toString('hex'), asc)
    assert.deepEqual([header.headerBytes, header.frameBytes, header.blocks], [7, 107, 1])
    assert.equal(adtsFrameBytes(frame, 0), 107)
  }
})

test('a header with a checksum is two bytes longer', () => {
  // fff8: sync, MPEG-2, checksum; 4c80: LC, 48 kHz, stereo; 0x20 bytes, four blocks
  const header = parseAdtsHeader(Uint8Array.of(0xff, 0xf8, 0x4c, 0x80, 0x04, 0x1f, 0xff))
  assert.deepEqual([header.headerBytes, header.frameBytes, header.blocks], [9, 32, 4])
})

test('what is no header, and channels told inside the frame, are refused', () => {
  assert.throws(() => parseAdtsHeader(new Uint8Array(6)), code('truncated'))
  assert.throws(() => parseAdtsHeader(new Uint8Array(7)), code('malformed'))
  // Shorter than itself.
  assert.equal(adtsFrameBytes(Uint8Array.of(0xff, 0xf1, 0x4c, 0x80, 0, 0xc0, 0xfc), 0), -1)
  assert.throws(() => parseAdtsHeader(Uint8Array.of(0xff, 0xf1, 0x4c, 0, 0x04, 0x1f, 0xfc)), code('unsupported'))
})
