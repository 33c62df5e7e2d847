import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advancePartLimit, chooseTiming, nominalPart, partHoldBack } from './timing.ts'

test('frame rates from 10 to 120 keep the part target of 0.35 s', () => {
  for (const fps of [10, 12, 12.5, 14.985, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 100, 120]) {
    assert.deepEqual(chooseTiming([1 / fps, 1024 / 44_100]), { targetDuration: 4, partTarget: 0.35 })
  }
})

test('lower and odd frame rates get the smallest larger target that whole frames fill', () => {
  for (const fps of [1, 2, 5, 7, 8, 11, 14, 17]) {
    const { partTarget } = chooseTiming([1 / fps, 1024 / 48_000])
    const frames = Math.floor((partTarget + 1e-6) * fps)
    assert.ok(partTarget > 0.35 && frames / fps >= 0.85 * partTarget, `${fps} fps: ${partTarget}`)
  }
})

test('slide shows get the largest target', () => {
  assert.equal(chooseTiming([3]).partTarget, 2)
})

test('constants that follow from the part target', () => {
  const timing = { targetDuration: 4, partTarget: 0.35 }
  assert.equal(partHoldBack(timing), 1.05)
  assert.equal(advancePartLimit(timing), 9)
  assert.equal(advancePartLimit({ targetDuration: 4, partTarget: 1.2 }), 3)
  assert.ok(Math.abs(nominalPart(timing) - 0.33) < 1e-9)
})
