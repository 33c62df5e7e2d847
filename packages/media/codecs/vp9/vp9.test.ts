import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { videoConfigFromVp9KeyFrame } from './config.ts'
import { isVp9Key, parseVp9KeyFrame } from './frame.ts'
import { parseVpcC, vpLevel, writeVpcC } from './vpcc.ts'

/** Beginning of a key frame of libvpx: profile 0, 322 × 182. */
const KEY = fromHex('824983420014100b560638241c184a000b905fc9')

test('a track is made from a key frame', () => {
  assert.deepEqual(videoConfigFromVp9KeyFrame(KEY), {
    kind: 'video',
    codec: 'vp9',
    codecString: 'vp09.00.20.08',
    timescale: 90_000,
    width: 322,
    height: 182,
    sampleAspectRatio: [1, 1],
    // profile, level, 8 bits of 4:2:0 collocated, colours unknown, no initialisation data
    decoderConfig: fromHex('00 14 82 02 02 02 0000'),
  })
})

test("the container's record knows the level and the transfer of HDR", () => {
  const record = fromHex('02 0b a2 09 10 09 0000') // of FFmpeg: level 1.1, ten bits, BT.2020 with PQ
  assert.deepEqual(parseVpcC(record).colour, { primaries: 9, transfer: 16, matrix: 9, fullRange: false })
  assert.deepEqual(writeVpcC(parseVpcC(record)), record)
  assert.equal(videoConfigFromVp9KeyFrame(KEY, fromHex('00 29 80 01 01 01 0000')).codecString, 'vp09.00.41.08')
  assert.throws(() => parseVpcC(fromHex('04 29 80 01 01 01 0000')), { code: 'malformed' })
  assert.throws(() => parseVpcC(fromHex('00 29 80 01 01')), { code: 'truncated' })
})

test('the smallest level that allows the pictures', () => {
  assert.deepEqual(
    [
      vpLevel(1920, 1080, 30),
      vpLevel(1920, 1080),
      vpLevel(3840, 2160, 60),
      vpLevel(320, 180, 30),
      vpLevel(20_000, 100),
    ],
    [40, 41, 51, 11, 62],
  )
})

test('a key frame that is shown is where decoding may start', () => {
  assert.equal(isVp9Key(KEY), true)
  for (const [hex, key] of [
    ['86', false], // an inter frame
    ['80', false], // a key frame that is not shown
    ['88', false], // a frame shown again
    ['a2', true], // profile 1: bits come lowest first
    ['b100', true], // profile 3 has a reserved bit more
    ['b300', false],
    ['42', false],
    ['', false],
  ] as const) {
    assert.equal(isVp9Key(fromHex(hex)), key, hex)
  }
})

test('profile 2 says how many bits, colours come with the frame', () => {
  // 10 | 0 1 | 0 0 1 0 | sync | 1 (12 bits) | 101 (BT.2020) | 1 (full range) | size
  const frame = fromHex('92 498342 d8 0780 0780 00')
  const { profile, bitDepth, colour } = parseVp9KeyFrame(frame)
  assert.deepEqual([profile, bitDepth, colour], [2, 12, { primaries: 9, transfer: 14, matrix: 9, fullRange: true }])
})

test('what is no key frame, and every cut of its header, is refused', () => {
  for (let length = 0; length < 9; length++) {
    assert.throws(() => parseVp9KeyFrame(KEY.subarray(0, length)), { code: 'truncated' })
  }
  for (const hex of [
    '864983420014100b56',
    '424983420014100b56',
    '824983430014100b56',
    '8249834200f4100b56'.replace('00f4', 'e014'),
  ]) {
    assert.throws(() => parseVp9KeyFrame(fromHex(hex)), { code: 'malformed' }, hex)
  }
})
