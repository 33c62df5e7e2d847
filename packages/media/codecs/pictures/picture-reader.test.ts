import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { parseAvcC } from '../h264/avcc.ts'
import { AVCC, fromHex } from '../h264/fixtures.ts'
import { HEVC } from '../hevc/fixtures.ts'
import { hvcCFromParameterSets } from '../hevc/hvcc.ts'
import type { PictureReader } from './model.ts'
import { createPictureReader } from './picture-reader.ts'

function lengths(...nals: readonly Uint8Array[]): Uint8Array {
  return concatBytes(nals.flatMap((nal) => [Uint8Array.of(0, 0, nal.byteLength >> 8, nal.byteLength & 255), nal]))
}

/** It changes with what is read, which the type checker does not know. */
const configOf = (reader: PictureReader) => reader.config

const { vps, sps, pps } = HEVC.hd1080
const idr = fromHex('2801 aabb')
const trail = fromHex('0201 aabb')

test('HEVC: parameter sets in the stream are the configuration, and leave the samples', () => {
  const reader = createPictureReader('hevc')
  assert.deepEqual(reader.read(lengths(trail)), { key: false, data: lengths(trail) })
  assert.equal(configOf(reader), undefined)
  assert.deepEqual(reader.read(lengths(vps, sps, pps, idr)), { key: true, data: lengths(idr) })
  const first = reader.config
  assert.equal(first?.codecString, 'hvc1.1.6.L120.90')
  reader.read(lengths(vps, sps, pps, idr))
  assert.equal(reader.config, first)
  reader.read(lengths(HEVC.rext444.vps, HEVC.rext444.sps, HEVC.rext444.pps, idr))
  assert.equal(reader.config?.width, 322)
})

test('HEVC: a record and what comes later in the stream make one configuration', () => {
  const reader = createPictureReader('hevc')
  reader.configure(hvcCFromParameterSets({ vps: [vps], sps: [sps], pps: [pps] }))
  const first = reader.config
  assert.ok(first)
  assert.equal(reader.read(lengths(sps)), undefined)
  assert.equal(reader.config, first)
})

test('H.264: a record without parameter sets waits for those in the stream', () => {
  const {
    sps: [spsOf],
    pps: [ppsOf],
  } = parseAvcC(AVCC.hd1080)
  assert.ok(spsOf && ppsOf)
  const reader = createPictureReader('h264')
  reader.configure(fromHex('0142c028 fd e0 00')) // lengths of two bytes
  assert.equal(configOf(reader), undefined)
  const two = (nal: Uint8Array) => [Uint8Array.of(0, nal.byteLength), nal]
  const unit = concatBytes([spsOf, ppsOf, fromHex('6588aa')].flatMap(two))
  assert.deepEqual(reader.read(unit), { key: true, data: lengths(fromHex('6588aa')) })
  assert.deepEqual([reader.config?.codecString, reader.config?.height], ['avc1.42c028', 1080])
})

test('a message full of parameter sets is refused before anything is compared', () => {
  for (const codec of ['h264', 'hevc'] as const) {
    const reader = createPictureReader(codec)
    const set = codec === 'h264' ? fromHex('68ce') : fromHex('4401c0')
    const piece = lengths(...Array.from({ length: 1000 }, () => set))
    const unit = concatBytes(Array.from({ length: Math.floor(8e6 / piece.byteLength) }, () => piece))
    assert.throws(() => reader.read(unit), { code: 'too-large' })
    assert.equal(configOf(reader), undefined)
  }
})

test('AV1: the sequence header is the configuration, and stands in front of every key frame', () => {
  const header = fromHex('0a0b 00000042abbfc3700be001')
  const key = fromHex('3204 10aabbcc')
  const reader = createPictureReader('av1')
  assert.deepEqual(reader.read(concatBytes([fromHex('1200'), header, key])), {
    key: true,
    data: concatBytes([header, key]),
  })
  const first = reader.config
  assert.equal(first?.width, 1920)
  assert.deepEqual(reader.read(key), { key: true, data: concatBytes([header, key]) })
  const inter = fromHex('3204 30aabbcc')
  assert.deepEqual(reader.read(inter), { key: false, data: inter })
  assert.equal(reader.config, first)
})

test('VP9 and VP8: another size is another configuration', () => {
  for (const [codec, small, large] of [
    ['vp9', '824983420014100b5606', '824983420014100c5606'],
    ['vp8', '106700 9d012a 4201 b600', '106700 9d012a 4201 c600'],
  ] as const) {
    const reader = createPictureReader(codec)
    reader.read(fromHex(small))
    const first = reader.config
    assert.ok(first)
    reader.read(fromHex(small))
    assert.equal(reader.config, first)
    reader.read(fromHex(large))
    assert.notEqual(reader.config?.height, first.height)
    assert.equal(reader.read(new Uint8Array()), undefined)
  }
})

test('what cannot be read leaves the configuration as it was', () => {
  const reader = createPictureReader('hevc')
  reader.read(lengths(vps, sps, pps, idr))
  const first = reader.config
  assert.throws(() => reader.read(lengths(fromHex('420101')).subarray(0, 6)), { code: 'truncated' })
  assert.throws(() => reader.configure(fromHex('05')), { code: 'malformed' })
  assert.equal(reader.config, first)
})
