import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AudioClock } from './audio-clock.ts'

/** Worst distance in ms from a frame's place to its timestamp, over `hours` with a sound card that is `ppm` off. */
function drift(rate: number, ppm: number, hours: number): number {
  const clock = new AudioClock(rate, 1024, 0, true)
  const period = (1024 / rate) * (1 - ppm / 1e6)
  let worst = 0
  let last = -1
  for (let frame = 0; frame * period < hours * 3600; frame++) {
    const time = Math.round(frame * period * 1000) * 90
    const step = clock.accept(time)
    if (step.kind === 'drop') continue
    assert.ok(step.dts > last)
    last = step.dts
    worst = Math.max(worst, Math.abs(step.dts / rate - time / 90_000))
  }
  return worst * 1000
}

test('sound stays within 30 ms of its timestamps over 24 hours of a clock that is 200 ppm off', () => {
  for (const rate of [48_000, 44_100]) {
    for (const ppm of [200, -200]) {
      const worst = drift(rate, ppm, 24)
      assert.ok(worst < 30 && worst > 5, `${rate} Hz, ${ppm} ppm: ${worst} ms`)
    }
  }
  for (const rate of [32_000, 24_000, 22_050, 16_000]) {
    for (const ppm of [200, -200])
      assert.ok(drift(rate, ppm, 3) < 30, `${rate} Hz, ${ppm} ppm: ${drift(rate, ppm, 3)} ms`)
  }
})

test('timestamps rounded to milliseconds move nothing', () => {
  const clock = new AudioClock(44_100, 1024, 0, true)
  for (let frame = 0; frame < 10_000; frame++) {
    const step = clock.accept(Math.round((frame * 1024 * 1000) / 44_100) * 90)
    assert.deepEqual(step, { kind: 'frame', dts: frame * 1024, silence: [], corrected: false })
  }
})

test('frames that come in bunches with one timestamp are spread out, with one correction at most', () => {
  const clock = new AudioClock(48_000, 1024, 0, true)
  let dropped = 0
  for (let frame = 0; frame < 1_000; frame++) {
    const step = clock.accept(Math.floor(frame / 4) * 4 * 1920)
    if (step.kind === 'drop') dropped++
    else assert.equal(step.dts, (frame - dropped) * 1024)
  }
  assert.ok(dropped <= 1)
})

test('a hole is filled with whole silent frames, the rest goes to the frame before', () => {
  const clock = new AudioClock(48_000, 1024, 0, true)
  clock.accept(0)
  const step = clock.accept(90_000 / 2)
  // 24 000 − 1 024 = 22 976 = 22 × 1 024 + 448
  assert.ok(step.kind === 'frame')
  assert.equal(step.silence.length, 22)
  assert.equal(step.silence[0], 1024 + 448)
  assert.equal(step.dts, 24_000)
})

test('without silent frames a hole becomes a longer duration', () => {
  const clock = new AudioClock(48_000, 1024, 0, false)
  clock.accept(0)
  assert.deepEqual(clock.accept(45_000), { kind: 'frame', dts: 24_000, silence: [], corrected: true })
  assert.deepEqual(clock.fill(900_000), [])
})

test('overlapping sound is dropped until it is new again', () => {
  const clock = new AudioClock(48_000, 1024, 0, true)
  for (let frame = 0; frame < 50; frame++) clock.accept(frame * 1920)
  let dropped = 0
  for (let frame = 25; frame < 80; frame++) if (clock.accept(frame * 1920).kind === 'drop') dropped++
  assert.ok(dropped > 15 && dropped <= 25, `${dropped} dropped`)
})

test('frames of different lengths follow one another', () => {
  const clock = new AudioClock(48_000, 960, 0, true)
  let at = 0
  for (const length of [960, 480, 480, 2880, 960, 120]) {
    assert.deepEqual(clock.accept((at * 90_000) / 48_000, length), {
      kind: 'frame',
      dts: at,
      silence: [],
      corrected: false,
    })
    at += length
  }
  assert.equal(clock.next, at)
})
