import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlyBy, framesUntil, lowLatencyTimes, predictedDuration } from './low-latency.ts'

test('three of four equally long segments foretell the next, whichever was the other', () => {
  const usual = [180_000, 180_000, 180_000]
  for (const at of [0, 1, 2, 3]) {
    assert.equal(predictedDuration(usual.toSpliced(at, 0, 297_000), 90_000), 180_000, `other at ${at}`)
  }
  assert.equal(predictedDuration([999, ...usual], 90_000), 180_000)
  assert.equal(predictedDuration([...usual, 90_000, 270_000], 90_000), undefined)
  assert.equal(predictedDuration(usual.slice(1), 90_000), undefined)
  assert.equal(predictedDuration([], 90_000), undefined)
})

test('timestamps in milliseconds are equally long, and the longest counts; a picture more or less is not', () => {
  assert.equal(predictedDuration([180_000, 180_090, 179_910], 90_000), 180_090)
  assert.equal(predictedDuration([180_000, 180_090, 180_000], 90_000), 180_090)
  assert.equal(predictedDuration([180_000, 183_000, 180_000], 90_000), undefined)
})

test('frames belong to the segment in which most of them is', () => {
  assert.equal(framesUntil(96_000, 0, 1024), 94)
  assert.equal(framesUntil(192_000, 94 * 1024, 1024), 93)
  assert.equal(framesUntil(288_000, 187 * 1024, 1024), 94)
  assert.equal(framesUntil(100, 100, 1024), 1)
})

test('a segment is early by what is left of it when its first part is there, if that is worth while', () => {
  assert.equal(earlyBy({ segment: 2, late: 0.36 }), 1.6)
  assert.equal(earlyBy({ segment: 2, late: -3 }), 2)
  assert.equal(earlyBy({ segment: 2, late: 1.6 }), undefined)
  assert.equal(earlyBy({ segment: 2, late: 90 }), undefined)
})

test('latency is three seconds, and more where media come late; who knows nothing of it stays further behind', () => {
  assert.deepEqual(lowLatencyTimes({ segment: 2, late: 0.36 }, 4.5), {
    ...{ delay: 3, latency: 3, minBuffer: 1, update: 0.5 },
  })
  assert.equal(lowLatencyTimes({ segment: 2, late: 1.4 }, 4.5).latency, 3.9)
  const long = lowLatencyTimes({ segment: 4, late: 0.36 }, 4.5)
  assert.deepEqual([long.update, long.latency, long.delay], [1, 3.4, 7.8])
})
