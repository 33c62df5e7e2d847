import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { videoConfigFromSequenceHeader } from '@bandstand/media/codecs/av1/config.ts'
import { videoConfigFromHevcSets } from '@bandstand/media/codecs/hevc/config.ts'
import { HEVC } from '@bandstand/media/codecs/hevc/fixtures.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { planRungs } from './rungs.ts'
import { sourceFacts } from './source-facts.ts'

/** 160 × 90. */
const { video } = readClip(
  readFileSync(new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))),
)

test('the shape of pixels is believed as far as it is a shape that pictures have', () => {
  const made = (width: number, height: number, sampleAspectRatio: readonly [number, number]) => {
    const facts = sourceFacts({ ...video, width, height, sampleAspectRatio }, 30)
    const [rung] = planRungs(facts, [{ height: 480, bitrate: 1_000_000, frameRate: 30 }])
    return `${rung?.width}x${rung?.height}`
  }
  assert.equal(made(720, 576, [64, 45]), '854x480')
  assert.equal(made(1440, 1080, [4, 3]), '854x480')
  assert.equal(made(1920, 800, [5, 3]), '1920x480')
  for (const ratio of [4, 16, 65_535]) assert.equal(made(1920, 1080, [ratio, 1]), '854x480')
  assert.equal(made(1920, 1080, [1, 65_535]), '854x480')
})

test('colours of which nothing is said are those of BT.709 where the picture is high, and nothing is assumed where it is not', () => {
  const assumed = (height: number) => sourceFacts({ ...video, width: 1280, height }, 30).assumed
  assert.equal(assumed(720), 'bt709')
  assert.equal(assumed(719), undefined)
})

test('the colours of HEVC and AV1 are found as those of H.264 are', () => {
  const hevc = ({ vps, sps, pps }: { vps: Uint8Array; sps: Uint8Array; pps: Uint8Array }) =>
    videoConfigFromHevcSets({ vps: [vps], sps: [sps], pps: [pps] })
  assert.equal(sourceFacts(hevc(HEVC.hdr10), 30).hdr, 'pq')
  const { hdr, assumed, interlaced } = sourceFacts(hevc(HEVC.hd1080), 30)
  assert.deepEqual([hdr, assumed, interlaced], [undefined, 'bt709', false])
  const hlg = Uint8Array.from(Buffer.from('0a0e00000042abbfc3700be142448241', 'hex'))
  assert.equal(sourceFacts(videoConfigFromSequenceHeader(hlg), 30).hdr, 'hlg')
})
