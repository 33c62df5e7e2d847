import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { videoConfigFromHevcSets, videoConfigFromHvcC } from './config.ts'
import { CONTENT_LIGHT, HEVC, MASTERING_DISPLAY } from './fixtures.ts'
import { HVCC_LIMITS, hevcInBandParameterSets, hvcCFromParameterSets, parseHvcC } from './hvcc.ts'
import { hevcPpsId, hevcSpsId, hevcVpsId } from './parameter-set-id.ts'
import { parseHevcSps } from './sps.ts'

const sets = ({ vps, sps, pps }: { vps: Uint8Array; sps: Uint8Array; pps: Uint8Array }) => ({
  vps: [vps],
  sps: [sps],
  pps: [pps],
})

test('a track is made from the parameter sets of Main', () => {
  const { decoderConfig, ...config } = videoConfigFromHevcSets(sets(HEVC.hd1080))
  assert.deepEqual(config, {
    kind: 'video',
    codec: 'hevc',
    codecString: 'hvc1.1.6.L120.90',
    timescale: 90_000,
    width: 1920,
    height: 1080,
    sampleAspectRatio: [1, 1],
    frameRate: 30_000 / 1001,
  })
  // configurationVersion, profile, compatibility, constraints, level, …, 1 temporal layer that nests, 4-byte lengths, 3 arrays
  assert.deepEqual(decoderConfig.subarray(0, 23), fromHex('01 01 60000000 900000000000 78 f000 fc fd f8 f8 0000 0f 03'))
  assert.deepEqual(decoderConfig.subarray(23, 28), fromHex('a0 0001 0018')) // complete VPS, one of 24 bytes
  assert.deepEqual(videoConfigFromHvcC(decoderConfig), { ...config, decoderConfig })
})

test('HDR10 says its colours, and keeps what describes the display it was made on', () => {
  const { colour, bitDepthLuma, maxNumReorderPics } = parseHevcSps(HEVC.hdr10.sps)
  assert.deepEqual(colour, { primaries: 9, transfer: 16, matrix: 9, fullRange: false })
  assert.deepEqual([bitDepthLuma, maxNumReorderPics], [10, 2])
  const sei = [CONTENT_LIGHT, MASTERING_DISPLAY]
  const { codecString, decoderConfig } = videoConfigFromHevcSets({ ...sets(HEVC.hdr10), sei })
  assert.equal(codecString, 'hvc1.2.4.L120.90')
  assert.deepEqual(parseHvcC(decoderConfig).sei, sei)
})

test('range extensions, pixels that are not square, several reference picture sets', () => {
  const { profile, chromaFormatIdc, width, height, sampleAspectRatio, frameRate } = parseHevcSps(HEVC.rext444.sps)
  assert.deepEqual([profile.idc, chromaFormatIdc, width, height, frameRate], [4, 3, 322, 182, 50])
  assert.deepEqual(sampleAspectRatio, [16, 11])
  assert.equal(videoConfigFromHevcSets(sets(HEVC.rext444)).codecString, 'hvc1.4.10.L60.9E.8')
})

test('SEI messages that are no description of all of the stream stay out of the configuration', () => {
  const text = new Uint8Array(40)
  text.set([0x4e, 0x01, 5])
  const record = hvcCFromParameterSets({ ...sets(HEVC.hd1080), sei: [text] })
  assert.deepEqual(parseHvcC(record).sei, [])
})

test('parameter sets go in front of a sample', () => {
  const bytes = hevcInBandParameterSets(hvcCFromParameterSets(sets(HEVC.hd1080)))
  assert.deepEqual(bytes.subarray(0, 6), fromHex('00000018 4001'))
  assert.equal(
    bytes.byteLength,
    12 + HEVC.hd1080.vps.byteLength + HEVC.hd1080.sps.byteLength + HEVC.hd1080.pps.byteLength,
  )
})

test('ids of parameter sets', () => {
  const { vps, sps, pps } = HEVC.rext444
  assert.deepEqual([hevcVpsId(vps), hevcSpsId(sps), hevcPpsId(pps)], [0, 0, 0])
  // first_…: pps_pic_parameter_set_id 1 is 010
  assert.equal(hevcPpsId(fromHex('4401 40')), 1)
  for (const idOf of [hevcVpsId, hevcSpsId, hevcPpsId]) {
    assert.throws(() => idOf(fromHex('4001')), { code: 'truncated' })
  }
})

test('every cut of a sequence parameter set before its VUI is truncated', () => {
  for (let length = 2; length < 28; length++) {
    assert.throws(() => parseHevcSps(HEVC.hd1080.sps.subarray(0, length)), { code: 'truncated' }, `${length}`)
  }
  for (let length = 28; length < HEVC.hd1080.sps.byteLength; length++) {
    try {
      assert.equal(parseHevcSps(HEVC.hd1080.sps.subarray(0, length)).width, 1920)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'truncated')
    }
  }
})

test('records that are none, cut short, or hold too much are refused', () => {
  const record = hvcCFromParameterSets(sets(HEVC.hd1080))
  for (let length = 0; length < record.byteLength; length++) {
    assert.throws(() => parseHvcC(record.subarray(0, length)), { code: 'truncated' })
  }
  assert.throws(() => parseHvcC(Uint8Array.of(2, ...record.subarray(1))), { code: 'malformed' })
  const short = record.slice()
  short[21] = 0x0e // lengths of three bytes
  assert.throws(() => parseHvcC(short), { code: 'malformed' })
  const { vps, sps, pps } = HEVC.hd1080
  const many = Array.from({ length: HVCC_LIMITS.pps + 1 }, () => pps)
  assert.throws(() => hvcCFromParameterSets({ vps: [vps], sps: [sps], pps: many }), { code: 'malformed' })
  assert.throws(() => hvcCFromParameterSets({ vps: [sps], sps: [sps], pps: [pps] }), { code: 'malformed' })
  for (const kind of ['vps', 'sps', 'pps'] as const) {
    assert.throws(() => videoConfigFromHevcSets({ ...sets(HEVC.hd1080), [kind]: [] }), { code: 'malformed' })
  }
})

test('parameter sets of other layers stay out', () => {
  const other = HEVC.hd1080.sps.slice()
  other[1] = 0x09 // nuh_layer_id 1
  const record = hvcCFromParameterSets({ ...sets(HEVC.hd1080), sps: [HEVC.hd1080.sps, other] })
  assert.deepEqual(parseHvcC(record).sps, [HEVC.hd1080.sps])
})
