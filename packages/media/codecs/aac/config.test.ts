import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromAsc } from './config.ts'

test('describes AAC LC', () => {
  assert.deepEqual(audioConfigFromAsc(Uint8Array.of(0x11, 0x90)), {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    timescale: 48_000,
    sampleRate: 48_000,
    channels: 2,
    frameLength: 1024,
    decoderConfig: Uint8Array.of(0x11, 0x90),
  })
})

test('HE-AAC counts frames at the output rate', () => {
  const { codecString, timescale, frameLength } = audioConfigFromAsc(Uint8Array.of(0x2b, 0x11, 0x88, 0x00))
  assert.deepEqual([codecString, timescale, frameLength], ['mp4a.40.5', 48_000, 2048])
})

test('HE-AAC v2 says so in its codec string', () => {
  assert.equal(audioConfigFromAsc(Uint8Array.of(0xeb, 0x09, 0x88, 0x00)).codecString, 'mp4a.40.29')
})

test('960-sample frames, doubled by SBR', () => {
  assert.equal(audioConfigFromAsc(Uint8Array.of(0x11, 0x94)).frameLength, 960)
  assert.equal(audioConfigFromAsc(Uint8Array.of(0x2b, 0x11, 0x8a, 0x00)).frameLength, 1920)
})

test('keeps a copy, also of a Node buffer', () => {
  const buffer = Buffer.from([0x11, 0x90])
  const { decoderConfig } = audioConfigFromAsc(buffer)
  buffer[0] = 0
  assert.deepEqual(decoderConfig, Uint8Array.of(0x11, 0x90))
})

test('a configuration beyond the bound is too large', () => {
  assert.throws(() => audioConfigFromAsc(new Uint8Array(513)), { code: 'too-large' })
})
