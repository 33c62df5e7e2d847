import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PICTURE_MS, stageStream } from './fixtures.ts'

// 25 pictures of 2000 bytes a second, and headers.
function assertUsual(rate: number): void {
  assert.ok(rate > 400_000 && rate < 500_000, `${rate} bit/s`)
}

test('a group that comes in a burst does not look like a fast stream', () => {
  const { stream, picture } = stageStream()
  for (let n = 0; n < 248; n++) picture(n, n === 0, 9_920)
  assertUsual(stream.video.rate)
  for (let n = 248; n <= 250; n++) picture(n, n === 250)
  assert.deepEqual([stream.video.keyDistance, stream.video.age], [250 * PICTURE_MS, 0])
  assertUsual(stream.video.rate)
})

test('the rate is that of groups, short ones together, and also of a stream of key frames only', () => {
  const { stream, picture } = stageStream()
  // Key frames five times as large, three in a second.
  for (let n = 0; n <= 48; n++) picture(n, n % 8 === 0, n * PICTURE_MS, n % 8 === 0 ? 10_000 : 2_000)
  assert.ok(stream.video.rate > 550_000 && stream.video.rate < 700_000, `${stream.video.rate} bit/s`)
  const intra = stageStream()
  for (let n = 0; n < 100; n++) intra.picture(n, true)
  assertUsual(intra.stream.video.rate)
  assert.deepEqual([intra.stream.video.keyDistance, intra.stream.video.age], [PICTURE_MS, 0])
})

test('one picture tells no rate, and times that jump back disturb nothing', () => {
  const { stream, picture } = stageStream()
  picture(1_000, true)
  assert.deepEqual([stream.video.rate, stream.video.age, stream.video.keyDistance], [0, 0, 0])
  for (let n = 0; n < 60; n++) picture(n, n % 30 === 0)
  assertUsual(stream.video.rate)
  assert.deepEqual([stream.video.keyDistance, stream.video.age], [30 * PICTURE_MS, 29 * PICTURE_MS])
})
