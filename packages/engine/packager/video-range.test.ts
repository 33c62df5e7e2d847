import assert from 'node:assert/strict'
import { test } from 'node:test'
import { videoConfigFromHevcSets } from '@bandstand/media/codecs/hevc/config.ts'
import { HEVC } from '@bandstand/media/codecs/hevc/fixtures.ts'
import { videoConfig } from './fixtures/encoder.ts'
import { declaredRange } from './video-range.ts'

test('high dynamic range is declared, what players take for granted is not', () => {
  const { vps, sps, pps } = HEVC.hdr10
  assert.deepEqual(declaredRange(videoConfigFromHevcSets({ vps: [vps], sps: [sps], pps: [pps] })), { videoRange: 'PQ' })
  assert.deepEqual(declaredRange(videoConfig()), {})
})

test('a configuration that cannot be read declares nothing', () => {
  assert.deepEqual(declaredRange({ ...videoConfig(), decoderConfig: new Uint8Array(1) }), {})
})
