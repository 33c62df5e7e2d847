import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { audioConfigFromMp3Frame } from './config.ts'
import { mp3FrameBytes, parseMp3FrameHeader } from './frame-header.ts'

const headers: readonly (readonly [string, ReturnType<typeof parseMp3FrameHeader>])[] = [
  // LAME: layer III, no CRC, 128 kbit/s, 48 kHz, stereo
  ['fffb9400', { version: 1, sampleRate: 48_000, channels: 2, bitrate: 128_000, frameLength: 1152, frameBytes: 384 }],
  // 128 kbit/s at 44.1 kHz, padded, joint stereo
  ['fffb9264', { version: 1, sampleRate: 44_100, channels: 2, bitrate: 128_000, frameLength: 1152, frameBytes: 418 }],
  // MPEG-2: 64 kbit/s at 22.05 kHz, mono
  ['fff380c4', { version: 2, sampleRate: 22_050, channels: 1, bitrate: 64_000, frameLength: 576, frameBytes: 208 }],
  // "MPEG-2.5": 8 kbit/s at 8 kHz, mono
  ['ffe318c4', { version: 2.5, sampleRate: 8000, channels: 1, bitrate: 8000, frameLength: 576, frameBytes: 72 }],
]

for (const [hex, expected] of headers) {
  test(`the header ${hex} is MPEG ${expected.version} at ${expected.sampleRate} Hz`, () => {
    assert.deepEqual(parseMp3FrameHeader(fromHex(hex)), expected)
    assert.deepEqual(parseMp3FrameHeader(fromHex(`00${hex}`), 1), expected)
    assert.equal(mp3FrameBytes(fromHex(`00${hex}`), 1), expected.frameBytes)
  })
}

test('a track is made from any frame', () => {
  assert.deepEqual(audioConfigFromMp3Frame(fromHex('fff380c4')), {
    kind: 'audio',
    codec: 'mp3',
    codecString: 'mp4a.40.34',
    timescale: 22_050,
    sampleRate: 22_050,
    channels: 1,
    frameLength: 576,
    decoderConfig: new Uint8Array(),
  })
})

test('where no frame of layer III begins none is found', () => {
  for (const hex of ['49443304', 'ffeb9400', 'fffb9c00', 'fffbf400', 'fffb0400', 'fffd9400', 'ffffffff']) {
    assert.equal(mp3FrameBytes(fromHex(hex), 0), -1, hex)
  }
})

test('what is no frame of layer III is refused', () => {
  const code = (hex: string, expected: string) =>
    assert.throws(() => parseMp3FrameHeader(fromHex(hex)), { code: expected })
  code('fffb94', 'truncated')
  code('49443304', 'malformed') // ID3
  code('ffeb9400', 'malformed') // reserved version
  code('fffb9c00', 'malformed') // reserved sample rate
  code('fffbf400', 'malformed') // reserved bit rate
  code('fffb0400', 'unsupported') // free format
  code('fffd9400', 'unsupported') // layer II
})
