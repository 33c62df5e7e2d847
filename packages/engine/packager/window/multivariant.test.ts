import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { encode, type Sent, videoConfig } from '../fixtures/encoder.ts'
import { createStudio } from '../fixtures/studio.ts'
import { everything, text, watchedWindow } from '../fixtures/watched.ts'
import { bandwidth } from './multivariant.ts'
import type { LiveWindow } from './window.ts'

/** 30 pictures a second, all of the same size. */
function* pictures(seconds: number, bitrate: number): Generator<Sent> {
  const data = new Uint8Array(bitrate / 8 / 30)
  for (const sent of encode({ seconds })) {
    yield sent.unit.track === VIDEO_TRACK ? { ...sent, unit: { ...sent.unit, data } } : sent
  }
}

function declaredBy(window: LiveWindow): number {
  return Number(/BANDWIDTH=(\d+)/.exec(window.multivariant()?.plain.toString() ?? '')?.[1])
}

test('where nothing is declared the guess covers ordinary encoders, small pictures and large ones', () => {
  for (const [width, height, ordinary] of [
    [320, 180, 700_000],
    [640, 360, 1_800_000],
    [854, 480, 3_000_000],
    [1280, 720, 5_000_000],
    [1920, 1080, 9_000_000],
    [2560, 1440, 18_000_000],
    [3840, 2160, 40_000_000],
  ] as const) {
    const track = {
      track: VIDEO_TRACK,
      config: { ...videoConfig(), width, height },
      init: new Uint8Array(),
      initNumber: 0,
    }
    const epoch = { id: 0, start: 0, wallClock: 0, tracks: [track] }
    const guess = bandwidth({ epoch, declaredBitrate: undefined, peak: { bitrate: 0, segments: 0 } })
    assert.ok(guess >= ordinary && guess < 2 * ordinary, `${width}x${height}: ${guess}`)
  }
})

test('a first segment above what was declared or guessed counts at once, with headroom', () => {
  const window = watchedWindow()
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send(pictures(3, 8_000_000))
  for (const declared of [undefined, 1_000_000]) {
    if (declared !== undefined) window.declare({ bitrate: declared })
    assert.ok(declaredBy(window) >= 1.2 * 8_000_000, `${declaredBy(window)}`)
  }
})

test('what was measured of one configuration says nothing of the next', () => {
  const window = watchedWindow()
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send(pictures(20, 400_000))
  const known = declaredBy(window)
  assert.ok(known > 400_000 && known < 600_000, `${known}`)
  studio.stop()
  studio.connect({ video: { ...videoConfig(4), width: 1280, height: 720 } })
  const media = [...pictures(20, 4_000_000)]
  studio.send(media.splice(0, 60))
  assert.ok(declaredBy(window) >= 4_000_000, `${declaredBy(window)}`)
  studio.send(media)
  const next = declaredBy(window)
  assert.ok(next > 4_000_000 && next < 4_500_000, `${next}`)
})

test('an encoder that returns with the same configuration keeps the peak that was measured', () => {
  const window = watchedWindow()
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send(pictures(20, 4_000_000))
  const known = declaredBy(window)
  studio.stop()
  studio.connect()
  studio.send(pictures(1, 4_000_000))
  assert.equal(declaredBy(window), known)
})

test('a peak is forgotten with the last listed segment of its configuration, and not before', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send(pictures(20, 6_000_000))
  studio.stop()
  studio.connect({ video: videoConfig(4) })
  const media = [...pictures(90, 1_000_000)]
  // A minute is listed.
  let isListed = true
  for (let from = 0; from < 90; from += 5) {
    studio.now = 1_700_000_030_000
    studio.send(media.filter(({ at }) => at >= from && at < from + 5))
    isListed = text(window, 'v1').includes('#EXT-X-DISCONTINUITY\n')
    const declared = declaredBy(window)
    if (isListed) assert(declared > 6_000_000, `${declared} after ${from + 5} s`)
    else assert(declared > 1_000_000 && declared < 1_200_000, `${declared} after ${from + 5} s`)
  }
  assert.equal(isListed, false)
})
