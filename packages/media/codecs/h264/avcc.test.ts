import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avcCFromParameterSets, inBandParameterSets, parseAvcC } from './avcc.ts'
import { AVCC, fromHex } from './fixtures.ts'

/**
 *   01       configurationVersion
 *   64 00 1e AVCProfileIndication, profile_compatibility, AVCLevelIndication
 *   ff       reserved 111111, lengthSizeMinusOne 3
 *   e1 00 19 reserved 111, one SPS of 25 bytes …
 *   01 00 05 one PPS of 5 bytes …
 *   fd f8 f8 chroma_format 1, bit depths 8
 *   00       no SPS extension
 */
test('reads and writes a record of High profile byte for byte', () => {
  const record = parseAvcC(AVCC.scaling)
  assert.deepEqual([record.profileIdc, record.constraints, record.levelIdc, record.lengthSize], [100, 0, 30, 4])
  assert.equal(record.sps.length, 1)
  assert.equal(record.pps.length, 1)
  assert.deepEqual(avcCFromParameterSets(record.sps, record.pps, record.spsExtensions), AVCC.scaling)
})

test('every record of the fixtures is written back byte for byte', () => {
  for (const [name, avcC] of Object.entries(AVCC)) {
    const record = parseAvcC(avcC)
    assert.deepEqual(avcCFromParameterSets(record.sps, record.pps), avcC, name)
  }
})

test('High profile without its trailing fields is taken, and written with them', () => {
  const bare = AVCC.scaling.subarray(0, AVCC.scaling.byteLength - 4)
  const record = parseAvcC(bare)
  assert.deepEqual(record.spsExtensions, [])
  assert.deepEqual(avcCFromParameterSets(record.sps, record.pps), AVCC.scaling)
})

test('cut at every byte it is truncated, but for the optional end', () => {
  const needed = AVCC.scaling.byteLength - 4
  for (let length = 0; length < needed; length++) {
    assert.throws(() => parseAvcC(AVCC.scaling.subarray(0, length)), { code: 'truncated' })
  }
})

test('a version other than 1 and lengths of 3 bytes are malformed', () => {
  const version = AVCC.hd1080.slice()
  version[0] = 0
  assert.throws(() => parseAvcC(version), { code: 'malformed' })
  const lengths = AVCC.hd1080.slice()
  lengths[4] = 0xfe
  assert.throws(() => parseAvcC(lengths), { code: 'malformed' })
})

test('a set of the wrong kind is malformed, read and written', () => {
  const swapped = AVCC.hd1080.slice()
  swapped[8] = 0x68
  assert.throws(() => parseAvcC(swapped), { code: 'malformed' })
  const { sps, pps } = parseAvcC(AVCC.hd1080)
  assert.throws(() => avcCFromParameterSets(pps, sps), { code: 'malformed' })
  assert.throws(() => avcCFromParameterSets([], pps), { code: 'malformed' })
  assert.throws(() => avcCFromParameterSets(sps, []), { code: 'malformed' })
})

test('in-band sets have 4-byte lengths', () => {
  const { sps, pps } = parseAvcC(AVCC.hd1080)
  const hex = (bytes: Uint8Array | undefined) => [...(bytes ?? [])].map((b) => b.toString(16).padStart(2, '0')).join('')
  assert.deepEqual(inBandParameterSets(AVCC.hd1080), fromHex(`00000017${hex(sps[0])}00000004${hex(pps[0])}`))
})
