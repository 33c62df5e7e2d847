import assert from 'node:assert/strict'
import { test } from 'node:test'
import { videoConfigFromAvcC } from './config.ts'
import { AVCC } from './fixtures.ts'

test('describes the track', () => {
  const { decoderConfig, ...rest } = videoConfigFromAvcC(AVCC.sarColour)
  assert.deepEqual(rest, {
    kind: 'video',
    codec: 'h264',
    codecString: 'avc1.4d401e',
    timescale: 90_000,
    width: 720,
    height: 576,
    sampleAspectRatio: [64, 45],
    frameRate: 25,
  })
  assert.deepEqual(decoderConfig, AVCC.sarColour)
})

test('asks for 4-byte lengths whatever the encoder uses', () => {
  const short = AVCC.hd1080.slice()
  short[4] = 0xfd // lengthSizeMinusOne 1
  assert.deepEqual(videoConfigFromAvcC(short).decoderConfig, AVCC.hd1080)
})

test('holds none of the memory it was given', () => {
  const { buffer } = videoConfigFromAvcC(Buffer.from(AVCC.hd1080)).decoderConfig
  assert.equal(buffer.byteLength, AVCC.hd1080.byteLength)
})

test('a record without a sequence parameter set is malformed', () => {
  assert.throws(() => videoConfigFromAvcC(Uint8Array.of(1, 66, 0, 30, 0xff, 0xe0, 0)), { code: 'malformed' })
})
