import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { audioConfig } from '../packager/fixtures/encoder.ts'
import type { TimelineTrack } from '../timeline/model.ts'
import { epochSource } from './epoch-source.ts'
import { LADDER_LIMITS } from './limits.ts'

const clipUrl = new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))
const video: TimelineTrack = {
  track: VIDEO_TRACK,
  config: readClip(readFileSync(clipUrl)).video,
  frameDuration: 1 / 30,
}
const audio: TimelineTrack = { track: AUDIO_TRACK, config: audioConfig(), frameDuration: 1_024 / 48_000 }

function sourceOf(...tracks: TimelineTrack[]) {
  const epoch = { id: 7, start: 90_000, wallClock: 0, reason: 'encoder', trackSetChanged: false } as const
  return epochSource({ kind: 'epoch-opened', ...epoch, tracks }, () => [])
}

test('the pictures of an epoch, wherever they stand among its tracks', () => {
  const source = sourceOf(audio, video)
  assert.equal(source?.epoch, 7)
  assert.equal(source?.track, VIDEO_TRACK)
  assert.deepEqual([source?.newest, source?.previous], [90_000, 90_000])
  assert.deepEqual([source?.facts.width, source?.facts.height, source?.facts.frameRate], [160, 90, 30])
})

test('no source: sound alone, and pictures that are too large', () => {
  assert.equal(sourceOf(audio), undefined)
  const huge = { ...video.config, width: LADDER_LIMITS.pixels, height: 2 }
  assert.equal(sourceOf({ ...video, config: huge }), undefined)
})
