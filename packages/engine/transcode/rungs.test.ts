import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceFacts } from './model.ts'
import { planPlain, planRungs } from './rungs.ts'

const settings = [
  { height: 720, bitrate: 2_800_000, frameRate: 60 },
  { height: 480, bitrate: 1_400_000, frameRate: 30 },
  { height: 360, bitrate: 800_000, frameRate: 30 },
]

function plan(width: number, height: number, facts: Partial<SourceFacts> = {}) {
  return planRungs({ width, height, sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false, ...facts }, settings)
}
const sizes = (...given: Parameters<typeof plan>) => plan(...given).map(({ width, height }) => `${width}x${height}`)

test('only below the size of the source', () => {
  assert.deepEqual(sizes(1920, 1080), ['1280x720', '854x480', '640x360'])
  assert.deepEqual(sizes(1280, 720), ['854x480', '640x360'])
  assert.deepEqual(sizes(854, 480), ['640x360'])
  assert.deepEqual(sizes(640, 360), [])
  assert.deepEqual(sizes(320, 180), [])
})

test('in the shape of the source: upright, wide, odd, with pixels that are not square', () => {
  assert.deepEqual(sizes(1080, 1920), ['720x1280', '480x854', '360x640'])
  assert.deepEqual(sizes(2560, 1080), ['1706x720', '1138x480', '854x360'])
  assert.deepEqual(sizes(1365, 767), ['1282x720', '854x480', '640x360'])
  assert.deepEqual(sizes(1440, 1080, { sampleAspectRatio: [4, 3] }), ['1280x720', '854x480', '640x360'])
  assert.deepEqual(sizes(720, 576, { sampleAspectRatio: [64, 45] }), ['854x480', '640x360'])
})

test('a rung keeps its place in the list, whatever the source has', () => {
  assert.deepEqual(
    plan(854, 480).map(({ slot }) => slot),
    [2],
  )
})

test('frames are left out whole and never made up', () => {
  const rates = (frameRate: number) => plan(1920, 1080, { frameRate }).map((rung) => [rung.every, rung.frameRate])
  const [film, ntsc] = [24_000 / 1001, 60_000 / 1001]
  for (const rate of [film, 30.03]) for (const found of rates(rate)) assert.deepEqual(found, [1, rate])
  assert.deepEqual(rates(50), [
    [1, 50],
    [2, 25],
    [2, 25],
  ])
  assert.deepEqual(rates(ntsc), [
    [1, ntsc],
    [2, ntsc / 2],
    [2, ntsc / 2],
  ])
  assert.deepEqual(rates(120), [
    [2, 60],
    [4, 30],
    [4, 30],
  ])
})

test('codec strings say the level that the encoder is told', () => {
  assert.deepEqual(
    plan(1920, 1080, { frameRate: 60 }).map(({ codecString }) => codecString),
    ['avc1.640020', 'avc1.64001f', 'avc1.64001e'],
  )
})

test('a source with B-frames is made again in its own size, and smaller for machines that cannot', () => {
  const facts = { sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false } as const
  const made = (width: number, height: number, frameRate = 30) =>
    planPlain({ ...facts, width, height, frameRate }).map((rung) => {
      return `${rung.width}x${rung.height}@${rung.frameRate} ${rung.bitrate / 1000}`
    })
  assert.deepEqual(made(1920, 1080), ['1920x1080@30 4665.6', '1280x720@30 2073.6', '854x480@30 922.32'])
  assert.deepEqual(made(1080, 1920, 120), ['1080x1920@60 6000', '720x1280@60 4147.2', '480x854@60 1844.64'])
  assert.deepEqual(made(641, 361), ['642x362@30 522.909'])
})
