import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { sequenceHeaderOf, videoConfigFromAv1C, videoConfigFromSequenceHeader } from './config.ts'
import { leb128, obuAt, withObuSize } from './obu.ts'
import { parseSequenceHeader } from './sequence-header.ts'
import { scanTemporalUnit, toAv1Sample } from './temporal-unit.ts'

/** Sequence headers of SVT-AV1 1.4 and libaom through FFmpeg. */
const HD = fromHex('0a0b 00000042abbfc3700be001')
const HLG = fromHex('0a0e 00000042abbfc3700be142448241')
const FULL = fromHex('0a0a 200000043d06d4daf902')

const delimiter = fromHex('1200')
/** OBU_FRAME, four bytes: key frame that is shown; the same not shown; an inter frame; a frame shown again. */
const key = fromHex('3204 10aabbcc')
const hidden = fromHex('3204 00aabbcc')
const inter = fromHex('3204 30aabbcc')
const again = fromHex('1a01 a8')

test('a track is made from a sequence header', () => {
  const config = videoConfigFromSequenceHeader(HD)
  assert.deepEqual(config, {
    kind: 'video',
    codec: 'av1',
    codecString: 'av01.0.08M.08',
    timescale: 90_000,
    width: 1920,
    height: 1080,
    sampleAspectRatio: [1, 1],
    // marker and version, profile 0 level 4.0, 8 bits of 4:2:0, no delay; the sequence header
    decoderConfig: fromHex('81 08 0c 00 0a0b00000042abbfc3700be001'),
  })
  assert.deepEqual(videoConfigFromAv1C(config.decoderConfig), config)
})

test('ten bits of BT.2020 with HLG, and 4:4:4', () => {
  const hlg = parseSequenceHeader(HLG)
  assert.deepEqual([hlg.bitDepth, hlg.colour], [10, { primaries: 9, transfer: 18, matrix: 9, fullRange: false }])
  assert.deepEqual(videoConfigFromSequenceHeader(HLG).decoderConfig.subarray(0, 4), fromHex('81084c00'))
  const full = parseSequenceHeader(FULL)
  assert.deepEqual([full.profile, full.subsamplingX, full.subsamplingY, full.width, full.height], [1, 0, 0, 322, 182])
  assert.deepEqual(videoConfigFromSequenceHeader(FULL).decoderConfig.subarray(0, 4), fromHex('81200000'))
})

test('a record may be without a sequence header', () => {
  assert.equal(sequenceHeaderOf(fromHex('81080c00')), undefined)
  assert.throws(() => videoConfigFromAv1C(fromHex('81080c00')), { code: 'malformed' })
  assert.throws(() => sequenceHeaderOf(fromHex('8108')), { code: 'truncated' })
  assert.throws(() => sequenceHeaderOf(fromHex('01080c00')), { code: 'malformed' })
})

test('a key frame that is shown first is where decoding may start', () => {
  const scan = (...units: readonly Uint8Array[]) => scanTemporalUnit(Buffer.concat(units))
  assert.deepEqual(scan(delimiter, HD, key), { key: true, picture: true, sequenceHeader: Buffer.from(HD) })
  assert.deepEqual(scan(delimiter, key), { key: true, picture: true })
  for (const units of [[hidden, inter], [inter], [again], [inter, key]]) {
    assert.deepEqual(scan(...units), { key: false, picture: true })
  }
  assert.equal(scan(delimiter, HD).picture, false)
  assert.equal(scan().picture, false)
})

test('a sample has sizes, and neither delimiters nor padding', () => {
  const padding = fromHex('7a02 0080')
  const bare = fromHex('30 10aabbcc') // OBU_FRAME without size
  const whole = Buffer.concat([HD, key])
  assert.deepEqual(Buffer.from(toAv1Sample(Buffer.concat([delimiter, HD, padding, bare]))), whole)
  assert.equal(toAv1Sample(whole), whole)
})

test('sizes and extension headers', () => {
  assert.deepEqual(leb128(0), fromHex('00'))
  assert.deepEqual(leb128(127), fromHex('7f'))
  assert.deepEqual(leb128(300), fromHex('ac02'))
  // temporal layer 1: an extension byte
  assert.deepEqual(withObuSize(fromHex('34 20 aabb')), fromHex('36 20 02 aabb'))
  const { payload, end } = obuAt(fromHex('36 20 02 aabb ff'), 0)
  assert.deepEqual([payload, end], [3, 5])
})

test('units that run past the end, and nonsense, are refused', () => {
  const whole = Buffer.concat([HD, key])
  for (let length = 1; length < whole.byteLength; length++) {
    if (length === HD.byteLength) continue
    assert.throws(() => scanTemporalUnit(whole.subarray(0, length)), { code: 'truncated' })
  }
  assert.throws(() => obuAt(fromHex('92 00'), 0), { code: 'malformed' })
  assert.throws(() => obuAt(fromHex('12 ffffffffffffffffff00'), 0), { code: 'malformed' })
  assert.throws(() => parseSequenceHeader(key), { code: 'malformed' })
  // reduced_still_picture_header
  assert.throws(() => parseSequenceHeader(fromHex('0a04 18000000')), { code: 'unsupported' })
  for (let length = 3; length < HD.byteLength - 2; length++) {
    const cut = withObuSize(Uint8Array.of(0x08, ...HD.subarray(2, length)))
    assert.throws(() => parseSequenceHeader(cut), { code: 'truncated' })
  }
})

test('a sequence header that is filled up is not kept', () => {
  const filled = new Uint8Array(2_000)
  filled.set(HD.subarray(2))
  const unit = withObuSize(Uint8Array.of(0x08, ...filled))
  assert.throws(() => videoConfigFromSequenceHeader(unit), { code: 'too-large' })
})
