import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ntpTime } from '../../rtcp/report.ts'
import { createArrivals } from './arrivals.ts'
import { createCommonClock } from './clock.ts'
import { createReception } from './reception.ts'

/** What a sender reports whose wall clock shows `wall` ms when its source's clock shows `timestamp`. */
const told = (wall: number, timestamp: number) => ({ ...ntpTime(wall), rtpTimestamp: timestamp % 2 ** 32 })

test('sources are brought together by arrival first, and by reports exactly', () => {
  const clocks = createCommonClock()
  const [video, audio] = [clocks.source(90_000), clocks.source(48_000)]
  // Taken at the same moment; the sound is 60 ms longer on its way.
  assert.equal(video.map(900_000, 1_000), 90_000)
  assert.equal(audio.map(480_000, 1_060), 95_400)
  video.report(told(5_000_000, 900_000))
  audio.report(told(5_000_000, 480_000))
  assert.equal(audio.map(480_000 + 48_000, 2_060), video.map(900_000 + 90_000, 2_000))
})

test('a report that is off does no harm, and three of a kind are believed', () => {
  const clock = createCommonClock().source(90_000)
  clock.map(0, 0)
  clock.report(told(1_000_000, 0))
  clock.report(told(1_060_000, 90_000))
  assert.equal(clock.map(180_000, 2_000), 180_000)
  clock.report(told(1_061_000, 180_000))
  clock.report(told(1_062_000, 270_000))
  assert.equal(clock.map(270_000, 3_000), 270_000 + 59_000 * 90)
})

test('sound whose clock runs fast is kept with the pictures for an hour', () => {
  const clocks = createCommonClock()
  const [video, audio] = [clocks.source(90_000), clocks.source(48_000)]
  video.map(0, 0)
  audio.map(0, 0)
  let worst = 0
  // 200 ppm: 0.7 s in an hour.
  for (let second = 1; second <= 3_600; second++) {
    const ticks = Math.round(second * 48_000 * 1.0002)
    video.report(told(second * 1_000, (second * 90_000) % 2 ** 32))
    audio.report(told(second * 1_000, ticks))
    const apart = audio.map(ticks, second * 1_000) - video.map((second * 90_000) % 2 ** 32, second * 1_000)
    worst = Math.max(worst, Math.abs(apart) / 90)
  }
  assert.ok(worst <= 5, `${worst} ms`)
})

test('a receiver tells of loss, jitter and when it heard the last report', () => {
  const reception = createReception(7, 90_000)
  assert.equal(reception.report(0), undefined)
  const header = { marker: false, payloadType: 96, ssrc: 7 }
  for (const [n, sequence] of [65_534, 65_535, 0, 2].entries()) {
    reception.received({ ...header, sequence, timestamp: n * 3_000 }, (n * 100) / 3)
  }
  reception.told({ ntpSeconds: 0x12345678, ntpFraction: 0x9abcdef0 }, 100)
  const block = reception.report(600)
  assert.deepEqual(
    { ...block, jitter: 0 },
    // One of five is missing: 51/256.
    {
      ssrc: 7,
      fractionLost: 51,
      lost: 1,
      highestSequence: 65_538,
      jitter: 0,
      lastSr: 0x56789abc,
      delaySinceLastSr: 32_768,
    },
  )
  assert.ok((block?.jitter ?? 99) < 5)
  assert.equal(reception.report(700)?.fractionLost, 0, 'nothing is told twice')
})

test('arrivals are told once, with what is missing among them', () => {
  const arrivals = createArrivals()
  assert.equal(arrivals.feedback(1, 2), undefined)
  arrivals.add(65_534, 64)
  arrivals.add(65_535, 65)
  arrivals.add(1, 66.5)
  const feedback = arrivals.feedback(1, 2)
  assert.deepEqual(feedback, {
    ...{ type: 'transport-feedback', sender: 1, media: 2, base: 65_534, referenceTime: 1, count: 0 },
    deltas: [0, 4, undefined, 6],
  })
  arrivals.add(2, 70)
  assert.deepEqual([arrivals.feedback(1, 2)?.base, arrivals.feedback(1, 2)], [2, undefined])
})
