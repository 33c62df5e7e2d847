import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { audioConfigFromDOps, audioConfigFromOpusChannels, audioConfigFromOpusHead } from './config.ts'
import { headOfChannels, type OpusHead, parseDOps, parseOpusHead, writeDOps, writeOpusHead } from './head.ts'

/** As libopus through FFmpeg's Ogg writer: "OpusHead", version 1, 2 channels, 312 ticks, 48000 Hz, gain 0, family 0. */
const STEREO = fromHex('4f70757348656164 01 02 3801 80bb0000 0000 00')
/** 5.1: family 1, 4 streams of which 2 are coupled, Vorbis' order. */
const SURROUND = fromHex('4f70757348656164 01 06 3801 80bb0000 0000 01 04 02 000401020305')
/** The stereo one as MP4 holds it. */
const STEREO_BOX = fromHex('00 02 0138 0000bb80 0000 00')

test('the identification header of an Ogg stream makes the box of an MP4', () => {
  const config = audioConfigFromOpusHead(STEREO)
  assert.deepEqual(config, {
    kind: 'audio',
    codec: 'opus',
    codecString: 'Opus',
    timescale: 48_000,
    sampleRate: 48_000,
    channels: 2,
    frameLength: 960,
    decoderConfig: STEREO_BOX,
  })
  assert.deepEqual(audioConfigFromDOps(STEREO_BOX), config)
  assert.equal(audioConfigFromDOps(STEREO_BOX, 480).frameLength, 480)
})

test('surround keeps its streams and their order', () => {
  const head = parseOpusHead(SURROUND)
  assert.deepEqual([head.channels, head.streams, head.coupled, head.mapping], [6, 4, 2, [0, 4, 1, 2, 3, 5]])
  assert.deepEqual(parseDOps(writeDOps(head)), head)
  assert.deepEqual(
    audioConfigFromOpusHead(SURROUND).decoderConfig,
    fromHex('00 06 0138 0000bb80 0000 01 04 02 000401020305'),
  )
})

test('a number of channels alone gives the mapping that encoders use', () => {
  assert.deepEqual({ ...headOfChannels(6), preSkip: 312 }, parseOpusHead(SURROUND))
  for (let channels = 1; channels <= 8; channels++) {
    const config = audioConfigFromOpusChannels(channels)
    assert.equal(config.channels, channels)
    assert.equal(parseDOps(config.decoderConfig).mapping.length, channels)
  }
  for (const channels of [0, 9]) assert.throws(() => audioConfigFromOpusChannels(channels), { code: 'unsupported' })
})

test('a negative gain is kept', () => {
  const quiet = STEREO.slice()
  quiet.set([0x00, 0xff], 16) // -1 dB in Q7.8
  assert.equal(parseOpusHead(quiet).outputGain, -256)
  assert.equal(parseDOps(writeDOps(parseOpusHead(quiet))).outputGain, -256)
})

test('an identification header is written as it was read', () => {
  const quiet = STEREO.slice()
  quiet.set([0x00, 0xff], 16)
  for (const head of [STEREO, SURROUND, quiet]) assert.deepEqual(writeOpusHead(parseOpusHead(head)), head)
})

test('every cut of a header is truncated', () => {
  for (const [whole, parse] of [
    [STEREO, parseOpusHead],
    [SURROUND, parseOpusHead],
    [writeDOps(parseOpusHead(SURROUND)), parseDOps],
  ] as const) {
    for (let length = 0; length < whole.byteLength; length++) {
      assert.throws(() => parse(whole.subarray(0, length)), { code: 'truncated' })
    }
  }
})

test('headers that contradict themselves are refused', () => {
  const bad = (changes: Partial<OpusHead>) => () => writeDOps({ ...parseOpusHead(SURROUND), ...changes })
  for (const changes of [{ streams: 0 }, { coupled: 5 }, { channels: 5 }, { mapping: [0, 1, 2, 3, 4, 6] }]) {
    assert.throws(bad(changes), { code: 'malformed' })
  }
  const three = STEREO.slice()
  three[9] = 3
  assert.throws(() => parseOpusHead(three), { code: 'malformed' })
  const wrong = STEREO.slice()
  wrong[0] = 0x58
  assert.throws(() => parseOpusHead(wrong), { code: 'malformed' })
  const version = STEREO.slice()
  version[8] = 0x10
  assert.throws(() => parseOpusHead(version), { code: 'unsupported' })
  assert.throws(() => parseDOps(Uint8Array.of(1, ...STEREO_BOX.subarray(1))), { code: 'unsupported' })
})
