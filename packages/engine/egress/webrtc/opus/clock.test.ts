import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOpusClock } from './clock.ts'

test('packets out have the time of what went in, less what the encoder put in front', () => {
  const clock = createOpusClock(48_000, 312)
  for (let i = 0; i < 4; i++) clock.wrote(90_000 + i * 1024, 1024)
  assert.deepEqual([clock.read(960), clock.read(960), clock.read(960)], [89_688, 90_648, 91_608])
})

test('a stretched frame moves what comes after it', () => {
  const clock = createOpusClock(48_000, 0)
  clock.wrote(0, 1024)
  clock.wrote(1024, 1024)
  clock.wrote(2048 + 500, 1024)
  assert.deepEqual([clock.read(960), clock.read(960), clock.read(960), clock.read(960)], [0, 960, 1920, 2880 + 500])
})

test('frames of one stream may differ in length', () => {
  const clock = createOpusClock(48_000, 0)
  clock.wrote(0, 480)
  clock.wrote(480, 1920)
  clock.wrote(2400 + 100, 480)
  assert.deepEqual([clock.read(960), clock.read(960), clock.read(960)], [0, 960, 1920])
  assert.equal(clock.lag, 0)
})

test('other rates are scaled, and what is on its way is told', () => {
  const clock = createOpusClock(24_000, 0)
  clock.wrote(24_000, 1024)
  assert.equal(clock.read(960), 48_000)
  assert.equal(clock.lag, (2048 - 960) / 48_000)
})

/** An encoder: frames go in each 21⅓ ms, and come out `held` frames later, but for those that it does not decode. */
function encoder(frames: number, isLost: (frame: number) => boolean, held: (frame: number) => number = () => 2) {
  const clock = createOpusClock(48_000, 0)
  const waiting: number[] = []
  let samples = 0
  const errors: number[] = []
  let truth = 0
  for (let frame = 0; frame < frames; frame++) {
    clock.wrote(frame * 1024, 1024)
    waiting.push(frame)
    while (waiting.length > held(frame)) {
      const decoded = waiting.shift() ?? 0
      if (isLost(decoded)) continue
      samples += 1024
      truth = (decoded + 1) * 1024
      // By which the packet's time is later than its samples': what is left over is the end of this frame.
      for (; samples >= 960; samples -= 960) errors.push((clock.read(960) - (truth - samples)) / 48)
    }
  }
  return errors
}

test('frames that the encoder does not decode put the sound off for a moment only', () => {
  const errors = encoder(1000, (frame) => frame > 100 && frame < 500 && frame % 10 === 0)
  assert.ok(Math.min(...errors) > -300, `${Math.min(...errors)} ms early`)
  const after = errors.slice(-400)
  assert.ok(Math.max(...after.map(Math.abs)) < 65, `${Math.max(...after.map(Math.abs))} ms off`)
})

test('an encoder that is held up for a while keeps its times, and one held up for long gets them back', () => {
  const briefly = encoder(
    1000,
    () => false,
    (frame) => (frame > 300 && frame < 330 ? frame - 298 : 2),
  )
  assert.ok(Math.max(...briefly.map(Math.abs)) < 25, `${Math.max(...briefly.map(Math.abs))} ms off`)
  const slowStart = encoder(
    1000,
    () => false,
    (frame) => (frame < 100 ? 12 : 2),
  )
  assert.ok(Math.max(...slowStart.map(Math.abs)) < 25, `${Math.max(...slowStart.map(Math.abs))} ms off`)
  const long = encoder(
    1000,
    () => false,
    (frame) => (frame > 300 && frame < 500 ? 12 : 2),
  ).slice(-300)
  assert.ok(Math.max(...long.map(Math.abs)) < 65, `${Math.max(...long.map(Math.abs))} ms off`)
})
