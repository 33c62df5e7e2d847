import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VideoClock } from './video-clock.ts'

test('the first picture is decoded and shown at the start; pictures shown before they are decoded get negative offsets', () => {
  const clock = new VideoClock(90_000, 1_000_000, 1_006_000, 3000)
  // I P B B in decoding order, shown I B B P
  assert.deepEqual(clock.map(1_000_000, 1_006_000), { dts: 90_000, pts: 90_000, clamped: false })
  assert.deepEqual(clock.map(1_003_000, 1_015_000), { dts: 93_000, pts: 99_000, clamped: false })
  assert.deepEqual(clock.map(1_006_000, 1_009_000), { dts: 96_000, pts: 93_000, clamped: false })
  assert.deepEqual(clock.map(1_009_000, 1_012_000), { dts: 99_000, pts: 96_000, clamped: false })
  assert.equal(clock.end, 102_000)
})

test('decode times that stand still or go back are moved on, and the source is met again', () => {
  const clock = new VideoClock(0, 0, 0, 3000)
  let last = -1
  for (let n = 0; n < 30; n++) last = clock.map(n * 3000, n * 3000).dts
  let moved = 0
  for (let n = 20; n < 60; n++) {
    const time = clock.map(n * 3000, n * 3000)
    assert.ok(time.dts > last)
    if (time.clamped) moved++
    last = time.dts
  }
  assert.ok(moved > 10 && moved < 25, `${moved} moved`)
  assert.equal(last, 59 * 3000)
})

test('a faster frame rate is taken as it comes', () => {
  const clock = new VideoClock(0, 0, 0, 9000)
  for (let n = 0; n < 10; n++) clock.map(n * 9000, n * 9000)
  for (let n = 1; n < 100; n++) assert.equal(clock.map(81_000 + n * 750, 81_000 + n * 750).clamped, false)
})

test('a presentation time far from its decode time is not believed', () => {
  const clock = new VideoClock(0, 0, 0, 3000)
  clock.map(0, 0)
  assert.deepEqual(clock.map(3000, 900_000_000), { dts: 3000, pts: 3000, clamped: false })
})
