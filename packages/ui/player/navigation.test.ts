import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeVideo } from '../testing/fake-player.ts'
import { createNavigation } from './navigation.ts'
import type { Watching } from './watching.ts'

/** Half an hour of a broadcast, or of a recording; `did` is what was asked for. */
function navigation({ live, at, phase }: { readonly live: boolean; readonly at?: number; readonly phase?: string }) {
  const video = new FakeVideo()
  const did: string[] = []
  const start = Date.UTC(2026, 0, 1)
  const session = {
    state: {
      ...{ source: { kind: live ? 'live' : 'vod', assetId: 'as_1' }, seen: at === undefined },
      at: at === undefined ? undefined : start + at * 1000,
    },
    edge: start + 1_800_000,
    date: live ? start + 600_000 : undefined,
    engine: { duration: live ? undefined : 1800, window: undefined },
    seekDate: (date: number) => did.push(`date ${(date - start) / 1000}`),
    send: ({ type }: { type: string }) => did.push(type),
  }
  const facts = live ? { live: true, assetId: 'as_1', startedAt: new Date(start).toISOString() } : undefined
  const watching = { session, facts, phase: phase ?? (live ? 'live' : 'replay'), missing: false } as unknown as Watching
  const host = { video: video.element, dialog: null, press: (name: string) => void did.push(`pressed ${name}`) }
  const playback = {
    ...{ paused: false, refused: false },
    play: () => void did.push('play'),
    pause: () => void did.push('pause'),
  }
  const made = createNavigation(host, watching, playback)
  return { made, video, playback, did: () => did.splice(0) }
}

test('of a live broadcast the bar counts from its beginning, and moments are dates', () => {
  const { made, did } = navigation({ live: true })
  assert.deepEqual([made.span.position, made.span.length], [600, 1800])
  made.seekTo(60)
  made.seekTo(-5)
  made.seekTo(9999)
  assert.deepEqual(did(), ['date 60', 'date 0', 'date 1800'])
})

test('the end of what is live is live, that of a recording is its end', () => {
  const broadcast = navigation({ live: true })
  broadcast.made.run({ kind: 'live' })
  assert.deepEqual(broadcast.did(), ['go-live', 'play'])
  const { made, video } = navigation({ live: false })
  made.run({ kind: 'live' })
  assert.equal(video.currentTime, 1800)
})

test('keys move by seconds and tenths within what there is', () => {
  const { made, video } = navigation({ live: false })
  made.run({ kind: 'tenth', tenth: 5 })
  assert.equal(video.currentTime, 900)
  made.run({ kind: 'skip', seconds: -10 })
  assert.equal(video.currentTime, 890)
  made.run({ kind: 'start' })
  made.run({ kind: 'skip', seconds: -10 })
  assert.equal(video.currentTime, 0)
})

test('while the recording is being loaded keys add up from the moment asked for, not from where its playlist begins', () => {
  const { made, did } = navigation({ live: true, at: 300 })
  made.run({ kind: 'skip', seconds: -5 })
  assert.deepEqual(did(), ['date 295'])
})

test('while it loads the key for play and pause goes by what the viewer wants, for the video stands meanwhile', () => {
  for (const phase of ['starting', 'stalled']) {
    const { made, video, playback, did } = navigation({ live: true, phase })
    video.paused = true
    made.run({ kind: 'toggle-play' })
    playback.paused = true
    made.run({ kind: 'toggle-play' })
    Object.assign(playback, { paused: false, refused: true })
    made.run({ kind: 'toggle-play' })
    assert.deepEqual(did(), ['pause', 'play', 'play'])
  }
  const { made, video, did } = navigation({ live: true })
  video.paused = true
  made.run({ kind: 'toggle-play' })
  assert.deepEqual(did(), ['play'])
})

test('while there is nothing to be seen that key does nothing: what comes begins by itself', () => {
  const { made, did } = navigation({ live: true, phase: 'offline' })
  made.run({ kind: 'toggle-play' })
  assert.deepEqual(did(), [])
})
