import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { concatBytes } from '../../bytes/bytes.ts'
import { fromHex } from '../h264/fixtures.ts'
import { createAc3Joiner, parseAc3AccessUnit } from './access-unit.ts'
import { audioConfigFromDac3, audioConfigFromDec3, audioConfigFromSyncFrame } from './config.ts'
import { parseSyncFrame } from './sync-frame.ts'

/** A frame that begins with these bytes, filled up. */
function frame(hex: string, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  out.set(fromHex(hex))
  return out
}

/** As FFmpeg encodes stereo at 192 kbit/s, and 5.1 at 448. */
const STEREO = frame('0b77fe95 14 40 43e106f46370c0c0', 768)
const SURROUND = frame('0b77b50b 1e 40 ebf8403eff99ff08', 1792)
/** E-AC-3 of FFmpeg: stereo, 768 bytes, six blocks. */
const ENHANCED = frame('0b77017f 34 87 c000208421083800', 768)

/** E-AC-3 frame header (§E.1.2) of 5 + 1 channels. */
function enhanced(o: {
  type: number
  id: number
  blocks: number
  acmod?: number
  map?: number
  fscod?: number
}): Uint8Array {
  const bits = new BitWriter().u(16, 0x0b77).u(2, o.type).u(3, o.id).u(11, 31)
  bits
    .u(2, o.fscod ?? 0)
    .u(2, [1, 2, 3, 6].indexOf(o.blocks))
    .u(3, o.acmod ?? 7)
    .u(1, o.map === undefined ? 1 : 0)
  bits.u(5, 16).u(5, 31).u(1, 0)
  if (o.map !== undefined) bits.u(1, 1).u(16, o.map)
  const out = new Uint8Array(64)
  out.set(bits.finish())
  return out
}

test('frames of AC-3 say their length, rate and channels', () => {
  const stereo = parseSyncFrame(STEREO)
  assert.deepEqual(
    [stereo.codec, stereo.frameBytes, stereo.sampleRate, stereo.blocks, stereo.acmod, stereo.lfe],
    ['ac3', 768, 48_000, 6, 2, false],
  )
  const surround = parseSyncFrame(SURROUND)
  assert.deepEqual([surround.frameBytes, surround.acmod, surround.lfe, surround.bsid], [1792, 7, true, 8])
  // 44.1 kHz: every other frame is a word longer (table 4.13)
  assert.equal(parseSyncFrame(frame('0b770000 54 40 4000', 16)).frameBytes, 834)
  assert.equal(parseSyncFrame(frame('0b770000 55 40 4000', 16)).frameBytes, 836)
})

test('frames of E-AC-3 say how many blocks they have', () => {
  const { codec, frameBytes, blocks, sampleRate, streamType } = parseSyncFrame(ENHANCED)
  assert.deepEqual([codec, frameBytes, blocks, sampleRate, streamType], ['eac3', 768, 6, 48_000, 0])
  for (const blocks of [1, 2, 3]) assert.equal(parseSyncFrame(enhanced({ type: 0, id: 0, blocks })).blocks, blocks)
  // A reduced rate has six blocks, and its second field says the rate.
  const reduced = parseSyncFrame(enhanced({ type: 0, id: 0, blocks: 2, fscod: 3 }))
  assert.deepEqual([reduced.sampleRate, reduced.blocks], [22_050, 6])
})

test('a track of AC-3 has the box that FFmpeg writes', () => {
  const config = audioConfigFromSyncFrame(SURROUND)
  assert.deepEqual(
    [config.codec, config.codecString, config.sampleRate, config.channels, config.frameLength],
    ['ac3', 'ac-3', 48_000, 6, 1536],
  )
  assert.deepEqual(config.decoderConfig, fromHex('103de0'))
  assert.deepEqual(audioConfigFromDac3(config.decoderConfig), config)
})

test('a track of E-AC-3 has the box that FFmpeg writes', () => {
  const config = audioConfigFromSyncFrame(ENHANCED)
  assert.deepEqual([config.codec, config.codecString, config.channels], ['eac3', 'ec-3', 2])
  assert.deepEqual(config.decoderConfig, fromHex('0600 200400'))
  assert.deepEqual(audioConfigFromDec3(config.decoderConfig), config)
})

test('channels of dependent substreams are counted', () => {
  // 5.1 and the pair Lrs/Rrs beside what it repeats: 7.1.
  const unit = concatBytes([
    enhanced({ type: 0, id: 0, blocks: 6 }),
    enhanced({ type: 1, id: 0, blocks: 6, acmod: 6, map: 0x1a00 }),
  ])
  const config = audioConfigFromSyncFrame(unit)
  assert.equal(config.channels, 8)
  assert.deepEqual(audioConfigFromDec3(config.decoderConfig).channels, 8)
  assert.throws(() => audioConfigFromSyncFrame(unit.subarray(64)), { code: 'malformed' })
})

test('frames of fewer than six blocks become access units of six, with their substreams', () => {
  const joiner = createAc3Joiner()
  const units: Uint8Array[] = []
  for (let i = 0; i < 12; i++) {
    for (const one of [enhanced({ type: 0, id: 0, blocks: 2 }), enhanced({ type: 1, id: 0, blocks: 2, map: 0x0200 })]) {
      const unit = joiner.add(one)
      if (unit !== undefined) units.push(unit)
    }
  }
  const last = joiner.flush()
  assert.ok(last)
  units.push(last)
  assert.equal(joiner.flush(), undefined)
  assert.deepEqual(
    units.map((unit) => parseAc3AccessUnit(unit).map(({ streamType }) => streamType)),
    Array.from({ length: 4 }, () => [0, 1, 0, 1, 0, 1]),
  )
  assert.deepEqual(
    units.map((unit) => audioConfigFromSyncFrame(unit).frameLength),
    [1536, 1536, 1536, 1536],
  )
})

test('AC-3 comes out of the joiner frame by frame', () => {
  const joiner = createAc3Joiner()
  assert.equal(joiner.add(STEREO), undefined)
  assert.deepEqual(joiner.add(STEREO), STEREO)
  assert.deepEqual(joiner.flush(), STEREO)
})

test('dependent substreams without end are not held without end', () => {
  const joiner = createAc3Joiner()
  let longest = 0
  for (let i = 0; i < 5_000; i++) {
    longest = Math.max(longest, joiner.add(enhanced({ type: 1, id: 0, blocks: 6 }))?.byteLength ?? 0)
  }
  assert.equal(longest, 432 * 64)
})

test('bytes behind the last whole frame are passed over', () => {
  assert.equal(parseAc3AccessUnit(concatBytes([STEREO, new Uint8Array(10)])).length, 1)
  assert.equal(parseAc3AccessUnit(concatBytes([STEREO, STEREO.subarray(0, 100)])).length, 1)
})

test('what is no frame is refused', () => {
  const code = (bytes: Uint8Array, expected: string) => assert.throws(() => parseSyncFrame(bytes), { code: expected })
  for (let length = 2; length < 6; length++) code(STEREO.subarray(0, length), 'truncated')
  code(new Uint8Array(16), 'malformed')
  code(frame('0b770000 d4 40 43', 16), 'malformed') // fscod 3
  code(frame('0b770000 3f 40 43', 16), 'malformed') // frmsizecod 63
  code(frame('0b770000 14 50 43', 16), 'unsupported') // bsid 10
  assert.throws(() => parseAc3AccessUnit(STEREO.subarray(0, 767)), { code: 'truncated' })
  assert.throws(() => audioConfigFromDec3(fromHex('0600')), { code: 'truncated' })
})

test('a track does not begin with a substream that no time is counted by', () => {
  for (const [type, id] of [
    [1, 0],
    [0, 1],
    [2, 3],
  ] as const) {
    assert.throws(() => audioConfigFromSyncFrame(enhanced({ type, id, blocks: 6 })), { code: 'malformed' })
  }
})
