import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { scanHevcAccessUnit, toHevcSample } from './access-unit.ts'
import { HEVC } from './fixtures.ts'
import { HEVC_NAL } from './nal.ts'

/** A NAL unit of this type with two bytes of content. */
function nal(type: number, layer = 0): Uint8Array {
  return Uint8Array.of((type << 1) | (layer >> 5), ((layer & 31) << 3) | 1, 0xaa, 0xbb)
}

function unit(lengthSize: number, ...nals: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    nals.flatMap((one) => {
      const length = new Uint8Array(lengthSize)
      length[lengthSize - 1] = one.byteLength
      return [length, one]
    }),
  )
}

const sei = nal(HEVC_NAL.prefixSei)

test('IDR, BLA and CRA pictures are where decoding may start, leading and other pictures are not', () => {
  for (const type of [16, 17, 18, 19, 20, 21]) {
    const { key, picture } = scanHevcAccessUnit(unit(4, sei, nal(type), nal(type)), 4)
    assert.deepEqual([type, key, picture], [type, true, true])
  }
  for (const type of [0, 1, 2, 4, HEVC_NAL.raslN, HEVC_NAL.raslR, 6, 7]) {
    const { key, picture } = scanHevcAccessUnit(unit(4, nal(type)), 4)
    assert.deepEqual([type, key, picture], [type, false, true])
  }
})

test('a unit without slice is no picture, whatever its parameter sets', () => {
  const { vps, sps, pps } = HEVC.hd1080
  const scan = scanHevcAccessUnit(unit(4, vps, sps, pps, sei), 4)
  assert.deepEqual(scan, { key: false, picture: false, vps: [vps], sps: [sps], pps: [pps] })
  assert.equal(scanHevcAccessUnit(unit(4, sei), 4).picture, false)
  assert.equal(scanHevcAccessUnit(new Uint8Array(), 4).picture, false)
})

test('a sample has neither parameter sets nor padding, other layers or empty units', () => {
  const { vps, sps, pps } = HEVC.hd1080
  const delimiter = nal(HEVC_NAL.accessUnitDelimiter)
  for (const lengthSize of [1, 2, 4]) {
    const dirty = unit(
      lengthSize,
      delimiter,
      vps,
      sps,
      pps,
      new Uint8Array(),
      nal(20),
      nal(20, 1),
      nal(HEVC_NAL.fillerData),
    )
    assert.deepEqual(toHevcSample(dirty, lengthSize), unit(4, delimiter, nal(20)))
  }
  const clean = unit(4, delimiter, sei, nal(1))
  assert.equal(toHevcSample(clean, 4), clean)
})

test('a unit that runs past the end is truncated', () => {
  const whole = unit(4, sei, nal(20))
  for (let length = 1; length < whole.byteLength; length++) {
    if (length === 8) continue // between the two
    assert.throws(() => scanHevcAccessUnit(whole.subarray(0, length), 4), { code: 'truncated' })
    assert.throws(() => toHevcSample(whole.subarray(0, length), 4), { code: 'truncated' })
  }
})

test('more parameter sets than there are ids are refused while they are counted', () => {
  const sets = (count: number) => unit(2, ...Array.from({ length: count }, () => nal(HEVC_NAL.pps)))
  assert.throws(() => scanHevcAccessUnit(sets(97), 2), { code: 'too-large' })
  assert.equal(scanHevcAccessUnit(sets(96), 2).pps.length, 96)
})
