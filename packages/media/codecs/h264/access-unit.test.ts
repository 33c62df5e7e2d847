import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanAccessUnit, toFourByteLengths } from './access-unit.ts'

/** NAL units with lengths of `lengthSize` bytes. */
function unit(lengthSize: number, ...nals: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(nals.flatMap((nal) => [...Array<number>(lengthSize - 1).fill(0), nal.length, ...nal]))
}

const AUD = [0x09, 0xf0]
const SPS = [0x67, 66, 0, 30, 1]
const PPS = [0x68, 0xce, 0x0f, 0xc8]
const IDR = [0x65, 0x88, 0x84, 0x21] // first_mb 0, slice_type 7 (I)
const P = [0x41, 0x9a, 0x24, 0x6c] // 1 00110…: first_mb 0, slice_type 5 (P)
const P_SHORT = [0x41, 0xc0, 0x24] // 1 1…: slice_type 0 (P)
const B = [0x01, 0x9e, 0x41, 0x78] // 1 00111…: slice_type 6 (B)
const I = [0x41, 0x88, 0x84, 0x21]
const FILLER = [0x0c, 0xff, 0xff, 0x80]
/** payloadType 6, one byte: recovery_frame_cnt ue 0, exact_match 1, broken_link 0, changing_slice_group_idc 0, stop. */
const RECOVERY_0 = [0x06, 0x06, 0x01, 0b1100_0100, 0x80]
const RECOVERY_9 = [0x06, 0x06, 0x02, 0b0001_0101, 0b0001_0000, 0x80]

for (const lengthSize of [1, 2, 4]) {
  test(`IDR pictures are key frames, lengths of ${lengthSize}`, () => {
    assert.equal(scanAccessUnit(unit(lengthSize, AUD, IDR), lengthSize).key, true)
    assert.equal(scanAccessUnit(unit(lengthSize, SPS, PPS, IDR, IDR), lengthSize).key, true)
  })
}

test('P and B pictures are not, and cost no new object', () => {
  for (const slice of [P, P_SHORT, B]) assert.equal(scanAccessUnit(unit(4, AUD, slice), 4).key, false)
  assert.equal(scanAccessUnit(unit(4, P), 4), scanAccessUnit(unit(4, B), 4))
})

test('an intra picture at a recovery point of 0 frames is a key frame', () => {
  assert.equal(scanAccessUnit(unit(4, RECOVERY_0, I, I), 4).key, true)
})

test('an intra picture without a recovery point, or with a later one, is not', () => {
  assert.equal(scanAccessUnit(unit(4, I), 4).key, false)
  assert.equal(scanAccessUnit(unit(4, RECOVERY_9, I), 4).key, false)
})

test('a recovery point in an inter picture is none: periodic intra refresh', () => {
  assert.equal(scanAccessUnit(unit(4, RECOVERY_0, P), 4).key, false)
  assert.equal(scanAccessUnit(unit(4, RECOVERY_0, I, P), 4).key, false)
})

test('in-band parameter sets are views', () => {
  const data = unit(4, SPS, PPS, P)
  const { sps, pps, key, picture } = scanAccessUnit(data, 4)
  assert.deepEqual(
    sps.map((set) => [...set]),
    [SPS],
  )
  assert.deepEqual(
    pps.map((set) => [...set]),
    [PPS],
  )
  assert.equal(sps[0]?.buffer, data.buffer)
  assert.deepEqual([key, picture], [false, true])
})

test('a unit without a slice is no picture', () => {
  assert.equal(scanAccessUnit(unit(4, SPS, PPS), 4).picture, false)
  assert.equal(scanAccessUnit(unit(4, AUD), 4).picture, false)
  assert.equal(scanAccessUnit(new Uint8Array(0), 4).picture, false)
})

test('empty NAL units are passed over', () => {
  assert.equal(scanAccessUnit(unit(4, [], IDR, []), 4).key, true)
})

test('cut at every byte it is truncated, but between NAL units', () => {
  const whole = unit(4, SPS, PPS, RECOVERY_0, I)
  const borders = new Set([0, 9, 17, 26])
  for (let length = 0; length < whole.byteLength; length++) {
    const cut = whole.subarray(0, length)
    if (borders.has(length)) assert.doesNotThrow(() => scanAccessUnit(cut, 4))
    else assert.throws(() => scanAccessUnit(cut, 4), { code: 'truncated' })
    if (!borders.has(length)) assert.throws(() => toFourByteLengths(cut, 4), { code: 'truncated' })
  }
})

test('a sample with 4-byte lengths and nothing to leave out is handed back as it is', () => {
  const data = unit(4, AUD, RECOVERY_0, IDR)
  assert.equal(toFourByteLengths(data, 4), data)
})

test('shorter lengths become 4 bytes', () => {
  for (const lengthSize of [1, 2]) {
    assert.deepEqual(toFourByteLengths(unit(lengthSize, AUD, IDR), lengthSize), unit(4, AUD, IDR))
  }
})

test('parameter sets, filler and empty NAL units stay out of samples', () => {
  assert.deepEqual(toFourByteLengths(unit(4, AUD, SPS, PPS, [], IDR, FILLER), 4), unit(4, AUD, IDR))
})
