import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeVideo } from '../testing/fake-player.ts'
import { createPlayback, type Playback } from './playback.ts'

function opened(allows: FakeVideo['allows'], muted = false): { video: FakeVideo; playback: Playback } {
  const video = new FakeVideo()
  video.paused = true
  video.allows = allows
  const host = { video: video.element, muted, requestUpdate: () => undefined }
  return { video, playback: createPlayback(host) }
}

test('it plays with sound where the browser lets it', async () => {
  const { video, playback } = opened('sound')
  await playback.begin()
  assert.deepEqual([video.paused, video.muted, playback.silenced, playback.refused], [false, false, false, false])
})

test('where sound is refused it plays silently and says so, until the viewer asks for sound', async () => {
  const { video, playback } = opened('silence')
  await playback.begin()
  assert.deepEqual([video.paused, video.muted, playback.silenced, playback.refused], [false, true, true, false])
  video.allows = 'sound'
  playback.playWithSound()
  assert.deepEqual([video.muted, playback.silenced], [false, false])
})

test('silence that was wished for is not called refused', async () => {
  const { video, playback } = opened('silence', true)
  await playback.begin()
  assert.deepEqual([video.paused, playback.silenced, playback.refused], [false, false, false])
})

test('where all is refused it says so until it plays', async () => {
  const { video, playback } = opened('nothing')
  await playback.begin()
  assert.deepEqual([video.paused, playback.refused], [true, true])
  playback.onPlaying()
  assert.equal(playback.refused, false)
})

test('who has paused stays paused when a source is loaded anew, and plays when he asks', async () => {
  const { video, playback } = opened('sound')
  await playback.begin()
  video.paused = true
  playback.onPause()
  await playback.begin()
  assert.equal(video.paused, true)
  playback.play()
  assert.equal(video.paused, false)
})

test('a pause that comes of the end, or of a source taken away, is not the wish of the viewer', async () => {
  for (const change of [{ ended: true }, { readyState: 0 }]) {
    const { video, playback } = opened('sound')
    await playback.begin()
    Object.assign(video, { paused: true, ...change })
    playback.onPause()
    await playback.begin()
    assert.equal(video.paused, false)
  }
})

test('a load that interrupts the beginning asks for no click, and nothing changes', async () => {
  const { video, playback } = opened('sound')
  video.play = () => Promise.reject(new DOMException('interrupted by a load', 'AbortError'))
  await playback.begin()
  assert.deepEqual([playback.refused, playback.silenced], [false, false])
})

test('who wanted silence gets it, also where a click was needed to play', async () => {
  for (const muted of [true, false]) {
    const { video, playback } = opened('nothing', muted)
    await playback.begin()
    video.allows = 'sound'
    playback.playWithSound()
    assert.deepEqual([video.paused, video.muted], [false, muted])
  }
})
