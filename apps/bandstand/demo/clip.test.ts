import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'

const { tracks } = readClip(readFileSync(new URL('clip.flv', import.meta.url)))
const track = (kind: 'video' | 'audio') => tracks.find((candidate) => candidate.kind === kind) ?? assert.fail(kind)

it('is a minute long in both tracks, so that it keeps showing the wall clock however often it loops', () => {
  assert.ok(Math.abs(track('video').duration - 60_000) < 1e-6, String(track('video').duration))
  assert.ok(Math.abs(track('audio').duration - 60_000) < 1e-6, String(track('audio').duration))
})

it('has a key frame every 2 s and no frame out of order', () => {
  const { frames } = track('video')
  assert.equal(frames.length, 1800)
  frames.forEach((frame, index) => assert.equal(frame.key, index % 60 === 0, `frame ${index}`))
  // FLV VIDEODATA: frame type and codec, packet type, then the composition time offset in 24 bits.
  for (const { body } of frames) assert.equal(((body[2] ?? 0) << 16) | ((body[3] ?? 0) << 8) | (body[4] ?? 0), 0)
})
