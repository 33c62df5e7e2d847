import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTrackMeter } from './track-stats.ts'

const frame = (dts: number, bytes: number, key = false, pts = dts) => {
  return { track: VIDEO_TRACK, dts, pts, key, data: new Uint8Array(bytes), arrivedAt: 0 }
}

test('nothing is said before there is a second of media', () => {
  const meter = createTrackMeter(90_000)
  assert.deepEqual(meter.read(), { frameRate: 0, bitrate: 0, keyDistances: [], bFrames: false })
  for (let n = 0; n < 20; n++) meter.add(frame(n * 3000, 1000))
  assert.equal(meter.read().frameRate, 0)
})

test('rates are those of the last seconds, exact from the first frame to the newest', () => {
  const meter = createTrackMeter(90_000)
  for (let n = 0; n < 300; n++) meter.add(frame(n * 3000, 1000))
  assert.equal(meter.read().frameRate, 30)
  assert.equal(meter.read().bitrate, 30 * 8000)
  // Twice as many, of a quarter of the size: in less than the window and a second nothing else is left.
  for (let n = 0; n < 360; n++) meter.add(frame(900_000 + n * 1500, 250))
  assert.equal(meter.read().frameRate, 60)
  assert.equal(meter.read().bitrate, 60 * 2000)
})

test('the distances of the newest key frames, and B-frames', () => {
  const meter = createTrackMeter(90_000)
  for (let n = 0; n < 121; n++) meter.add(frame(n * 3000, 100, n % 60 === 0))
  assert.deepEqual(meter.read().keyDistances, [2, 2])
  assert.equal(meter.read().bFrames, false)
  meter.add(frame(121 * 3000, 100, false, 120 * 3000))
  assert.equal(meter.read().bFrames, true)
})
