import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOpusClock } from './clock.ts'

test('packets out have the time of what went in, less what the encoder put in front', () => {
  const clock = createOpusClock(48_000, 1024, 312)
  for (let i = 0; i < 4; i++) clock.wrote(90_000 + i * 1024)
  assert.deepEqual([clock.read(960), clock.read(960), clock.read(960)], [89_688, 90_648, 91_608])
})

test('a stretched frame moves what comes after it', () => {
  const clock = createOpusClock(48_000, 1024, 0)
  clock.wrote(0)
  clock.wrote(1024)
  clock.wrote(2048 + 500)
  assert.deepEqual([clock.read(960), clock.read(960), clock.read(960), clock.read(960)], [0, 960, 1920, 2880 + 500])
})

test('other rates are scaled, and what is on its way is told', () => {
  const clock = createOpusClock(24_000, 1024, 0)
  clock.wrote(24_000)
  assert.equal(clock.read(960), 48_000)
  assert.equal(clock.lag, (2048 - 960) / 48_000)
})
