import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { MediaError } from '../../error.ts'
import { fromHex } from '../h264/fixtures.ts'
import { LatmReader, loasFrameBytes } from './latm.ts'

const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

/** StreamMuxConfig of version 0 for AAC LC, 48 kHz, stereo. */
function config(bits: BitWriter, subFrames = 1): BitWriter {
  return bits
    .flag(false) // useSameStreamMux
    .flag(false) // audioMuxVersion
    .flag(true) // allStreamsSameTimeFraming
    .u(6, subFrames - 1)
    .u(4, 0) // numProgram
    .u(3, 0) // numLayer
    .u(16, 0x1190) // AudioSpecificConfig
    .u(3, 0) // frameLengthType
    .u(8, 0xff) // latmBufferFullness
    .flag(false) // otherDataPresent
    .flag(false) // crcCheckPresent
}

function payload(bits: BitWriter, bytes: readonly number[]): BitWriter {
  let left = bytes.length
  for (; left >= 255; left -= 255) bits.u(8, 255)
  bits.u(8, left)
  for (const byte of bytes) bits.u(8, byte)
  return bits
}

test('an element with its configuration, and one that relies on it', () => {
  const reader = new LatmReader()
  const first = reader.read(payload(config(new BitWriter()), [1, 2, 0xfe]).finish())
  assert.equal(hex(first?.asc), '1190')
  assert.deepEqual(first?.frames.map(hex), ['0102fe'])
  const second = reader.read(payload(new BitWriter().flag(true), [9, 8]).finish())
  assert.equal(hex(second?.asc), '1190')
  assert.deepEqual(second?.frames.map(hex), ['0908'])
})

test('an element before any configuration, or behind a loss, gives nothing', () => {
  const reader = new LatmReader()
  const bare = payload(new BitWriter().flag(true), [9]).finish()
  assert.equal(reader.read(bare), undefined)
  reader.read(payload(config(new BitWriter()), [1]).finish())
  reader.lose()
  assert.equal(reader.read(bare), undefined)
})

test('several frames in one element, and frames of 255 bytes and more', () => {
  const long = Array.from({ length: 510 }, (_, i) => i % 256)
  const bits = payload(payload(config(new BitWriter(), 2), long), [7])
  assert.deepEqual(new LatmReader().read(bits.finish())?.frames.map(hex), [hex(Uint8Array.from(long)), '07'])
})

test('version 1 tells the length of its configuration, and what stands behind it counts', () => {
  const bits = new BitWriter()
    .flag(false) // useSameStreamMux
    .flag(true) // audioMuxVersion
    .flag(false) // audioMuxVersionA
    .u(2, 0) // taraBufferFullness: one byte
    .u(8, 255)
    .flag(true) // allStreamsSameTimeFraming
    .u(6, 0)
    .u(4, 0)
    .u(3, 0)
    .u(2, 0) // ascLen: one byte
    .u(8, 37)
  // AAC LC 24 kHz stereo, then the sync extension: 0x2b7, SBR, present, 48 kHz.
  bits.u(16, 0x1310).u(11, 0x2b7).u(5, 5).flag(true).u(4, 3)
  bits.u(3, 0).u(8, 0xff).flag(false).flag(false)
  const found = new LatmReader().read(payload(bits, [5]).finish())
  assert.equal(hex(found?.asc), '131056e598')
  assert.deepEqual(found?.frames.map(hex), ['05'])
})

test('several programmes, layers and other frame lengths are not taken', () => {
  const start = (): BitWriter => new BitWriter().flag(false).flag(false)
  const read = (bits: BitWriter) => () => new LatmReader().read(bits.u(32, 0).finish())
  assert.throws(read(start().flag(false)), code('unsupported'))
  assert.throws(read(start().flag(true).u(6, 0).u(4, 1)), code('unsupported'))
  assert.throws(read(start().flag(true).u(6, 0).u(4, 0).u(3, 0).u(16, 0x1190).u(3, 1)), code('unsupported'))
})

test('an element that is cut anywhere is told', () => {
  const whole = payload(config(new BitWriter()), [1, 2, 3]).finish()
  for (let cut = 0; cut < whole.byteLength; cut++) {
    assert.throws(() => new LatmReader().read(whole.subarray(0, cut)), code('truncated'))
  }
})

test('the sync in front says how long a frame is', () => {
  // 0x2b7 in 11 bits, 0x123 in 13.
  assert.equal(loasFrameBytes(fromHex('00 56 e1 23'), 1), 3 + 0x123)
  assert.equal(loasFrameBytes(fromHex('56 c1 23'), 0), -1)
})

test('behind a configuration that is not taken the one before counts no more', () => {
  const reader = new LatmReader()
  reader.read(payload(config(new BitWriter()), [1]).finish())
  assert.throws(() => reader.read(new BitWriter().flag(false).flag(false).flag(false).u(32, 0).finish()))
  assert.equal(reader.read(payload(new BitWriter().flag(true), [9]).finish()), undefined)
})
