import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitrateText, nearestQuality, type Quality, qualityName, sortQualities } from './qualities.ts'

const quality = (id: number, height: number | undefined, bitrate: number, frameRate?: number): Quality => ({
  ...{ id, height, bitrate, frameRate },
})

test('renditions are called by their lines, and by their frame rate where it is high', () => {
  const all = [quality(0, 1080, 6e6, 59.94), quality(1, 720, 3e6, 30), quality(2, undefined, 64_000)]
  assert.deepEqual(
    all.map((one) => qualityName(one, all)),
    ['1080p60', '720p', '64 kbit/s'],
  )
})

test('two of the same size are told apart by their bit rates', () => {
  const all = [quality(0, 720, 5_000_000), quality(1, 720, 2_480_000), quality(2, 360, 800_000)]
  assert.deepEqual(
    all.map((one) => qualityName(one, all)),
    ['720p, 5 Mbit/s', '720p, 2.5 Mbit/s', '360p'],
  )
})

test('the best stands first, whatever the order of the playlist', () => {
  const all = [quality(0, 360, 8e5), quality(1, undefined, 6e4), quality(2, 720, 2e6), quality(3, 720, 5e6)]
  assert.deepEqual(
    sortQualities(all).map(({ id }) => id),
    [3, 2, 0, 1],
  )
})

test('what was chosen in one source is found again in another: by lines, of the same lines by bit rate', () => {
  const ladder = [quality(0, 1080, 6e6), quality(1, 1080, 2.5e6), quality(2, 480, 1e6)]
  const found = (height: number | undefined, bitrate: number, all = ladder) =>
    nearestQuality(all, quality(9, height, bitrate))?.id
  assert.equal(found(1080, 2.4e6), 1)
  assert.equal(found(1080, 9e6), 0)
  assert.equal(found(720, 3e6), 2)
  assert.equal(found(240, 3e5), 2)
  assert.equal(found(undefined, 2e6), 1)
  assert.equal(found(480, 9e5, [quality(4, undefined, 6e6), quality(5, undefined, 8e5)]), 5)
  assert.equal(found(480, 9e5, []), undefined)
})

test('bit rates are rounded to what people compare', () => {
  assert.deepEqual([64_400, 800_000, 999_600, 2_512_000, 12_400_000].map(bitrateText), [
    '64 kbit/s',
    '800 kbit/s',
    '1 Mbit/s',
    '2.5 Mbit/s',
    '12 Mbit/s',
  ])
})
