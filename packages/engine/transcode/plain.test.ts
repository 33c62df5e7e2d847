import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import type { Log } from '../ports.ts'
import { createHub, type Hub } from '../stream/hub.ts'
import { createPlainRendition } from './plain.ts'
import type { Trials } from './trial.ts'

/** 160 × 90, 30 frames a second with B-frames, key frames a second apart. */
const clip = readClip(
  readFileSync(new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))),
)
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

function stage(t: TestContext, works = true) {
  const source = createHub({ keep: true, onFault() {} })
  const hub = createHub({ keep: true, onFault() {} })
  const trials: Trials = { of: async () => (works ? { works } : { works, reason: 'no libx264' }) }
  const tracks = [{ track: VIDEO_TRACK, config: clip.video, frameDuration: 1 / 30 }]
  source.publish({
    ...{ kind: 'epoch-opened', id: 0, start: 0, wallClock: 0, tracks, reason: 'encoder' },
  })
  let n = 0
  const play = (pictures: number) => {
    for (let i = 0; i < pictures; i++, n++) {
      const { data, key, compositionOffset } = clip.pictures[n % clip.pictures.length] ?? assert.fail()
      const unit = { track: VIDEO_TRACK, dts: n * 3000, pts: n * 3000 + compositionOffset, key, data, arrivedAt: 0 }
      source.publish({ kind: 'unit', unit })
    }
  }
  play(45)
  const plain = createPlainRendition({
    ...{ ffmpeg: 'ffmpeg', settings: { encoder: 'x264', preset: 'superfast' }, trials, source, hub, log: silent },
    ...{ fields: {}, now: Date.now, onEnded() {} },
  })
  t.after(() => plain.close())
  return { plain, source, hub, play }
}

/** Presentation times that come to a hub. */
function follow(hub: Hub): number[] {
  const times: number[] = []
  const reader = hub.read({
    name: 'test',
    from: 'newest-key',
    maxBytes: 1e9,
    maxDuration: 1e9,
    isUrgent: () => true,
    onReady: pump,
  })
  function pump(): void {
    for (let event = reader.take(); event !== undefined; event = reader.take()) {
      if (event.kind === 'unit') times.push(event.unit.pts)
    }
  }
  return times
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((done) => setTimeout(done, 10))
}

test('nothing is made until somebody asks; then the same pictures in the order in which they are shown', async (t) => {
  const { plain, source, hub, play } = stage(t)
  const times = follow(hub)
  await until(() => plain.rung !== undefined)
  play(1)
  assert.deepEqual([plain.rung?.width, plain.rung?.height, hub.epoch], [160, 90, undefined])
  plain.asked()
  play(30)
  await until(() => times.length > 20)
  // From the newest key frame on, each at a time that the source has.
  assert.equal(times[0], 90_000 + (clip.pictures[30]?.compositionOffset ?? 0))
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  source.end()
  await until(() => hub.ended)
})

test('an encoder that does not work is said', async (t) => {
  const { plain } = stage(t, false)
  await until(() => plain.missing !== undefined)
  assert.match(plain.missing ?? '', /no libx264/)
})

test('its source is in a hurry only while somebody takes what is made of it', (t) => {
  const { source, hub } = stage(t)
  assert.deepEqual([source.readers, source.isUrgent], [1, false])
  const viewer = hub.read({
    ...{ name: 'viewer', from: 'now', maxBytes: 1e9, maxDuration: 1e9, isUrgent: () => true, onReady() {} },
  })
  assert.equal(source.isUrgent, true)
  viewer.close()
  assert.deepEqual([source.readers, source.isUrgent], [1, false])
})
