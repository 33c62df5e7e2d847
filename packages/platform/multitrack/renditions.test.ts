import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Picture, planRenditions } from './renditions.ts'

const RUNGS = [
  { height: 720, bitrate: 2_800_000, frameRate: 60 },
  { height: 480, bitrate: 1_400_000, frameRate: 30 },
  { height: 360, bitrate: 800_000, frameRate: 30 },
]
const FULL_HD: Picture = { width: 1920, height: 1080, framerate: { numerator: 60, denominator: 1 } }

function shape(...given: Parameters<typeof planRenditions>): string[] {
  return planRenditions(...given).map(({ width, height, framerate: { numerator, denominator }, bitrate }) => {
    return `${width}x${height} ${numerator}/${denominator} ${bitrate / 1000}`
  })
}

test('the ladder is the own picture and each rung below it, frames left out whole', () => {
  assert.deepEqual(shape(FULL_HD, RUNGS), [
    '1920x1080 60/1 8000',
    '1280x720 60/1 2800',
    '854x480 60/2 1400',
    '640x360 60/2 800',
  ])
  const upright = { width: 720, height: 1280, framerate: { numerator: 30_000, denominator: 1_001 } }
  assert.deepEqual(shape(upright, RUNGS), [
    '720x1280 30000/1001 2300',
    '480x854 30000/1001 1400',
    '360x640 30000/1001 800',
  ])
})

test('where there may not be as many, the largest of the smaller ones go first', () => {
  assert.deepEqual(shape(FULL_HD, RUNGS, { count: 3 }).length, 3)
  assert.deepEqual(shape(FULL_HD, RUNGS, { count: 2 })[1], '640x360 60/2 800')
  assert.deepEqual(shape(FULL_HD, RUNGS, { count: 0 }), ['1920x1080 60/1 8000'])
  assert.deepEqual(shape(FULL_HD, RUNGS, { bitrate: 10_500_000 }), [
    '1920x1080 60/1 8000',
    '854x480 60/2 1400',
    '640x360 60/2 800',
  ])
  assert.deepEqual(shape(FULL_HD, RUNGS, { bitrate: 3_000_000 }), ['1920x1080 60/1 3000'])
})

test('a ladder longer than the server takes ends with its smallest', () => {
  const many = Array.from({ length: 12 }, (_, i) => ({ height: 200 + i * 50, bitrate: 500_000, frameRate: 30 }))
  const found = planRenditions(FULL_HD, many)
  assert.equal(found.length, 8)
  assert.equal(found.at(-1)?.height, 200)
})
