import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { audioConfigFromFlacMetadata, audioConfigFromStreamInfo } from './config.ts'
import { flacBlockSize } from './frame-header.ts'

/** Of FFmpeg: blocks of 4608, frames of 336 to 1303 bytes, 48 kHz, 2 channels, 16 bits, 24000 samples, MD5. */
const STREAM_INFO = fromHex('1200 1200 000150 000517 0bb802f000005dc0 a2fc3617bc0e6c99e035cbe06fb4e52a')

test('STREAMINFO makes a track, whatever stands around it', () => {
  const config = audioConfigFromStreamInfo(STREAM_INFO)
  assert.deepEqual(
    [config.codecString, config.sampleRate, config.channels, config.frameLength, config.timescale],
    ['fLaC', 48_000, 2, 4608, 48_000],
  )
  const comment = '84 000004 00000000'
  const block = Buffer.from(STREAM_INFO).toString('hex')
  assert.deepEqual(config.decoderConfig, fromHex(`80 000022 ${block}`))
  for (const stream of [`80000022${block}`, `664c6143 00000022${block}${comment}`, `664c6143 80000022${block}`]) {
    assert.deepEqual(audioConfigFromFlacMetadata(fromHex(stream)), config)
  }
})

test('what does not begin with STREAMINFO, or says nonsense in it, is refused', () => {
  assert.throws(() => audioConfigFromFlacMetadata(fromHex('84000004 00000000')), { code: 'malformed' })
  const change = (at: number, ...bytes: number[]) => {
    const bad = STREAM_INFO.slice()
    bad.set(bytes, at)
    return () => audioConfigFromStreamInfo(bad)
  }
  assert.throws(change(0, 0, 15), { code: 'malformed' }) // blocks of 15
  assert.throws(change(2, 0x11, 0xff), { code: 'malformed' }) // the largest smaller than the smallest
  assert.throws(change(10, 0, 0, 0x02), { code: 'malformed' }) // 0 Hz
  for (let length = 0; length < STREAM_INFO.byteLength; length++) {
    assert.throws(() => audioConfigFromStreamInfo(STREAM_INFO.subarray(0, length)), { code: 'truncated' })
  }
})

test('a frame says how many samples it has', () => {
  for (const [hex, samples] of [
    ['fff8 5a18 00', 4608],
    ['fff8 1a18 00', 192],
    ['fff8 ca18 00', 4096],
    ['fff8 6a18 05 0f', 16], // 8 bits behind a number of one byte
    ['fff8 7a18 c280 11ff', 4608], // 16 bits behind a number of two
    ['fff9 7a18 fe8080808080bf 0fff', 4096], // behind one of seven
  ] as const) {
    assert.equal(flacBlockSize(fromHex(hex)), samples)
  }
})

test('no frame header, or one that is cut, has no size', () => {
  for (const hex of ['', 'fff8', 'fff85a'.slice(0, 4), 'fff86a18', 'fff86a1805', 'fff87a18c28011']) {
    assert.throws(() => flacBlockSize(fromHex(hex)), { code: 'truncated' })
  }
  for (const hex of ['0b77c9', 'fff80a18', 'fff86a18800f', 'fff86a18ff0f', 'fff87a1800ffff']) {
    assert.throws(() => flacBlockSize(fromHex(hex)), { code: 'malformed' })
  }
})
