import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitReader } from '../../bytes/bit-reader.ts'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { type H264Vui, parseVui } from './vui.ts'

function parse(bits: BitWriter): H264Vui {
  return parseVui(new BitReader(bits.finish(), 'vui'))
}

test('aspect ratios of table E-1, and reserved ones as unknown', () => {
  const ratio = (idc: number) => parse(new BitWriter().flag(true).u(8, idc)).sampleAspectRatio
  assert.deepEqual([0, 1, 2, 14, 16].map(ratio), [
    [1, 1],
    [1, 1],
    [12, 11],
    [4, 3],
    [2, 1],
  ])
  assert.deepEqual(ratio(200), [1, 1])
})

test('video signal type without a colour description gives none', () => {
  const bits = new BitWriter().u(2, 0).flag(true).u(3, 5).flag(true).flag(false).u(8, 0)
  assert.equal(parse(bits).colour, undefined)
})

test('reorder depth beyond the buffer is not believed', () => {
  // No fields up to bitstream_restriction; then reorder 2 (011) and buffering 1 (010).
  const bits = new BitWriter().u(4, 0).u(1, 0).u(3, 0).flag(true).u(1, 1).u(4, 0b1111).u(3, 0b011).u(3, 0b010)
  assert.equal(parse(bits).maxNumReorderFrames, undefined)
  const sound = new BitWriter().u(4, 0).u(1, 0).u(3, 0).flag(true).u(1, 1).u(4, 0b1111).u(3, 0b010).u(3, 0b011)
  assert.deepEqual([parse(sound).maxNumReorderFrames, parse(sound).maxDecFrameBuffering], [1, 2])
})

test('a buffer description with more than 32 entries ends the reading', () => {
  const bits = new BitWriter().u(5, 0).flag(true).u(5, 0).u(6, 33).u(32, 0)
  assert.deepEqual(parse(bits), { sampleAspectRatio: [1, 1] })
})
