import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig, VideoTrackConfig } from '@bandstand/media/track.ts'
import { videoConfig } from '../../packager/fixtures/encoder.ts'
import type { Publisher } from '../../ports.ts'
import { WHIP_LIMITS } from './limits.ts'
import { createRenditions } from './renditions.ts'

const sized = (width: number): VideoTrackConfig => ({ ...videoConfig(), width, height: (width * 9) / 16 })

function stage(count: number) {
  const at = { now: 0 }
  const told: string[] = []
  const publisher: Publisher = {
    ...{ channel: 'main', isUrgent: false, announce() {}, describe() {}, end() {} },
    configure: (track: TrackId, config: TrackConfig) =>
      void told.push(`${track} is ${config.kind === 'video' ? config.width : 'sound'}`),
    unit: ({ track, key }: AccessUnit) => void told.push(`${track}${key ? ' key' : ''}`),
  }
  const renditions = createRenditions(publisher, count, () => at.now)
  const picture = (number: number, key = false) =>
    renditions.picture(number, { dts: at.now * 90, pts: at.now * 90, key, data: new Uint8Array(1) })
  return {
    ...{ at, renditions, picture },
    /** What was told since the last time. */
    taken: () => told.splice(0),
    /** All of these send a picture every 500 ms, key frames each. */
    play(ms: number, ...numbers: readonly number[]) {
      for (let passed = 0; passed < ms; passed += 500) {
        at.now += 500
        for (const number of numbers) picture(number, true)
      }
    },
  }
}

test('one size is the first track at once', () => {
  const { renditions, picture, taken } = stage(1)
  renditions.configure(0, sized(1280))
  picture(0, true)
  picture(0)
  assert.deepEqual(taken(), ['1 is 1280', '1 key', '1'])
})

test('the largest leads whichever comes first; nothing is lost while the others are waited for', () => {
  const { renditions, picture, taken } = stage(2)
  renditions.configure(0, sized(320))
  picture(0, true)
  assert.deepEqual(taken(), [])
  renditions.configure(1, sized(1280))
  picture(1, true)
  assert.deepEqual(taken(), ['101 is 320', '101 key', '1 is 1280', '1 key'])
})

test('a size that never comes is not waited for', () => {
  const { at, renditions, picture, taken } = stage(2)
  renditions.configure(0, sized(320))
  picture(0, true)
  at.now = 800
  renditions.tick()
  assert.deepEqual(taken(), ['1 is 320', '1 key'])
})

test('when the largest stops the next one leads from its key frame on, until the largest has been back for a while', () => {
  const { at, renditions, picture, play, taken } = stage(2)
  renditions.configure(0, sized(1280))
  renditions.configure(1, sized(640))
  picture(0, true)
  picture(1, true)
  play(3_000, 0, 1)
  taken()
  play(1_000, 1)
  assert.deepEqual(new Set(taken()), new Set(['102 key']))
  play(1_000, 1)
  assert.deepEqual(taken(), ['102 key', '1 is 640', '1 key'])
  at.now += 100
  picture(0, true)
  assert.deepEqual(taken(), ['101 is 1280', '101 key'])
  play(WHIP_LIMITS.backMs + 500, 0, 1)
  const all = taken()
  assert.ok(all.includes('1 is 1280'), all.join())
  assert.ok(all.includes('102 is 640'), all.join())
})
