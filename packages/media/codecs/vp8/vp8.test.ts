import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { videoConfigFromVp8KeyFrame } from './config.ts'
import { isVp8Key, parseVp8KeyFrame } from './frame.ts'

/** Beginning of a key frame of libvpx: 322 × 182. */
const KEY = fromHex('106700 9d012a 4201 b600 00070885')

test('a track is made from a key frame', () => {
  assert.deepEqual(videoConfigFromVp8KeyFrame(KEY), {
    kind: 'video',
    codec: 'vp8',
    codecString: 'vp08.00.20.08',
    timescale: 90_000,
    width: 322,
    height: 182,
    sampleAspectRatio: [1, 1],
    decoderConfig: fromHex('00 14 82 06 06 06 0000'),
  })
})

test('scaling, which no player does, is not taken for size', () => {
  assert.deepEqual(parseVp8KeyFrame(fromHex('106700 9d012a 4241 b680 00')), { profile: 0, width: 322, height: 182 })
})

test('inter frames are no key frames, and other bytes no frames', () => {
  assert.equal(isVp8Key(KEY), true)
  assert.equal(isVp8Key(fromHex('31d50100e011b6140018')), false)
  assert.equal(isVp8Key(KEY.subarray(0, 9)), false)
  assert.throws(() => parseVp8KeyFrame(KEY.subarray(0, 9)), { code: 'truncated' })
  for (const hex of [
    '116700 9d012a 4201 b600',
    '106700 9d012b 4201 b600',
    '106700 9d012a 0000 b600',
    '1c6700 9d012a 4201 b600',
  ]) {
    assert.throws(() => parseVp8KeyFrame(fromHex(hex)), { code: 'malformed' }, hex)
  }
})
