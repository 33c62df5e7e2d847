import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { createAdtsHeader } from './adts.ts'

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
