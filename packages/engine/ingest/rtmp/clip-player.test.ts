import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MediaError } from '@bandstand/media/error.ts'
import { readClip } from './clip.ts'
import { ClipPlayer, type ClipTag } from './clip-player.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))

function play(player: ClipPlayer, until: number): ClipTag[] {
  const tags: ClipTag[] = []
  for (let tag = player.next(until); tag !== undefined; tag = player.next(until)) tags.push(tag)
  return tags
}

test('a clip is read with the exact length of each track', () => {
  const lengths = clip.tracks.map(({ kind, duration }) => [kind, Math.round(duration * 1000) / 1000])
  // 48 pictures at 30 a second; 76 frames of 1024 samples at 48 kHz, one of them priming.
  assert.deepEqual(lengths, [
    ['video', 1600],
    ['audio', 1621.333],
  ])
})

test('looping goes on without a seam: every distance is one frame, rounded', () => {
  const tags = play(new ClipPlayer(clip, true), 60_000)
  for (const [kind, least, most] of [
    ['video', 33, 34],
    ['audio', 21, 22],
  ] as const) {
    const times = tags.filter((tag) => tag.kind === kind).map((tag) => tag.timestamp)
    assert.ok(times.length > 1700)
    for (const [i, time] of times.entries()) {
      if (i === 0) continue
      const step = time - (times[i - 1] ?? 0)
      assert.ok(step >= least && step <= most, `${kind} ${i}: ${step}`)
    }
  }
})

test('tags come in time order and not before they are due', () => {
  const player = new ClipPlayer(clip, true)
  const tags = play(player, 500)
  assert.ok(tags.every((tag, i) => i === 0 || tag.timestamp >= (tags[i - 1]?.timestamp ?? 0)))
  assert.ok(player.due > 500 && player.due < 540)
})

test('without looping it ends', () => {
  const player = new ClipPlayer(clip, false)
  const frames = clip.tracks.reduce((sum, track) => sum + track.frames.length, 0)
  assert.equal(play(player, Number.POSITIVE_INFINITY).length, frames)
  assert.equal(player.due, Number.POSITIVE_INFINITY)
})

test('starting within the clip begins at the key frame before, with its lead due at once', () => {
  const player = new ClipPlayer(clip, true, 1600 * 5 + 1000)
  assert.equal(player.lead, 200)
  const tags = play(player, 100)
  const [video] = tags.filter((tag) => tag.kind === 'video')
  assert.equal(video?.timestamp, 0)
  assert.equal(video?.body, clip.tracks[0]?.frames[24]?.body)
})

test('what has neither H.264 nor AAC is no clip', () => {
  assert.throws(() => readClip(new Uint8Array(0)), MediaError)
})
