import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
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
