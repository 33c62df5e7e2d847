import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAmf0 } from '../../protocols/rtmp/amf0/encode.ts'
import { amf0Object } from '../../protocols/rtmp/amf0/value.ts'
import { parseColorInfo, printColorInfo } from './color-info.ts'

const hdr10 = {
  bitDepth: 10,
  colorPrimaries: 9,
  transferCharacteristics: 16,
  matrixCoefficients: 9,
  maxFall: 400,
  maxCll: 1000,
  maxLuminance: 1000,
  minLuminance: 0.0001,
  chromaticity: [0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329],
}

test('colorInfo both ways, whole and in parts', () => {
  for (const info of [hdr10, { colorPrimaries: 9, transferCharacteristics: 18 }, { maxFall: 1 }, {}]) {
    assert.deepEqual(parseColorInfo(printColorInfo(info)), info)
  }
})

test('colorInfo byte for byte: name, then objects within an object', () => {
  const hex = [
    ...['02 0009 636f6c6f72496e666f', '03'], // "colorInfo", object
    ...['0006 68647243 6c6c', '03'], // hdrCll: object
    ...['0007 6d617846616c6c', '00 3ff0000000000000'], // maxFall: number
    ...['0000 09', '0000 09'], // ends of both
  ]
  const bytes = Buffer.from(hex.join('').replaceAll(' ', ''), 'hex')
  assert.deepEqual(Buffer.from(printColorInfo({ maxFall: 1 })), bytes)
  assert.deepEqual(parseColorInfo(bytes), { maxFall: 1 })
})

test('undefined resets, and what is of another type is passed over', () => {
  assert.deepEqual(parseColorInfo(encodeAmf0(['colorInfo', undefined])), {})
  const odd = amf0Object({ colorConfig: amf0Object({ bitDepth: 'ten', colorPrimaries: Number.NaN }), hdrMdcv: 5 })
  assert.deepEqual(parseColorInfo(encodeAmf0(['colorInfo', odd])), {})
  assert.equal(parseColorInfo(encodeAmf0(['somethingElse', odd])), undefined)
})
