import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { audioConfig } from '../packager/fixtures/encoder.ts'
import type { TimelineTrack } from '../timeline/model.ts'
import { epochSource } from './epoch-source.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { SourceFacts } from './model.ts'
import { planRungs } from './rungs.ts'

const clipUrl = new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))
const video: TimelineTrack = {
  track: VIDEO_TRACK,
  config: readClip(readFileSync(clipUrl)).video,
  frameDuration: 1 / 30,
}
const audio: TimelineTrack = { track: AUDIO_TRACK, config: audioConfig(), frameDuration: 1_024 / 48_000 }

const plan = (facts: SourceFacts) => planRungs(facts, [{ height: 72, bitrate: 200_000, frameRate: 30 }])

function sourceOf(...tracks: TimelineTrack[]) {
  const epoch = { id: 7, start: 90_000, wallClock: 0, reason: 'encoder' } as const
  return epochSource({ kind: 'epoch-opened', ...epoch, tracks }, plan)
}

test('the pictures of an epoch, wherever they stand among its tracks', () => {
  const source = sourceOf(audio, video)
  assert('epoch' in source)
  assert.equal(source.epoch, 7)
  assert.equal(source.track, VIDEO_TRACK)
  assert.deepEqual([source.newest, source.previous], [90_000, 90_000])
  assert.deepEqual([source.facts.width, source.facts.height, source.facts.frameRate], [160, 90, 30])
  assert.deepEqual(
    source.plan.map(({ height }) => height),
    [72],
  )
})

test('no source, and why: sound alone, pictures that are too large, and those that are small already', () => {
  assert.deepEqual(sourceOf(audio), { missing: 'there are no pictures' })
  const sized = (width: number, height: number) => ({ ...video, config: { ...video.config, width, height } })
  assert.deepEqual(sourceOf(sized(LADDER_LIMITS.pixels, 2)), { missing: 'the picture is larger than 8K' })
  assert.deepEqual(sourceOf(sized(128, 72)), { missing: 'the picture is not larger than any of those chosen' })
})
