import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { FakeVideo } from '../testing/fake-player.ts'
import { createPlayback } from './playback.ts'

function opened(allows: FakeVideo['allows'], muted = false) {
  const video = new FakeVideo()
  video.paused = true
  video.allows = allows
  const host = { video: video.element, muted, requestUpdate: () => undefined }
  const playback = createPlayback(host)
  video.addEventListener('play', () => playback.onPlay())
  video.addEventListener('pause', () => playback.onPause())
  video.addEventListener('playing', () => playback.onPlaying())
  video.addEventListener('volumechange', () => playback.onVolume())
  return { video, host, playback }
}

const fired = () => new Promise((resolve) => setImmediate(resolve))

/** A page that the viewer has clicked, in a browser that remembers. @returns what is remembered */
function clicked(t: TestContext): Map<string, string> {
  const kept = new Map<string, string>()
  const globals = {
    navigator: { userActivation: { hasBeenActive: true } },
    localStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    },
  }
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true })
    t.after(() => Object.defineProperty(globalThis, name, before ?? { value: undefined, configurable: true }))
  }
  return kept
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
  video.pause()
  await fired()
  await playback.begin()
  assert.deepEqual([video.paused, playback.paused], [true, true])
  playback.play()
  assert.deepEqual([video.paused, playback.paused], [false, false])
})

test('who has paused while nothing could be shown yet stays paused too', async () => {
  const { video, playback } = opened('sound')
  await playback.begin()
  const beginning = playback.begin()
  playback.pause()
  Object.assign(video, { readyState: 0 })
  await beginning
  await fired()
  await playback.begin()
  assert.deepEqual([video.paused, playback.paused], [true, true])
})

test('a pause that comes of the end, of a fault, or of a source taken away, is not the wish of the viewer', async () => {
  for (const change of [{ ended: true }, { error: { code: 4 } }, { readyState: 0 }]) {
    const { video, playback } = opened('sound')
    await playback.begin()
    Object.assign(video, { paused: true, ...change })
    playback.onPause()
    assert.equal(playback.paused, false)
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

test('volume and silence that the viewer chose are remembered, and restored at the next visit', async (t) => {
  const kept = clicked(t)
  const { video, playback, host } = opened('sound')
  await playback.begin()
  video.volume = 0.3
  video.muted = true
  await fired()
  assert.deepEqual(
    [...kept],
    [
      ['bandstand-volume', '0.3'],
      ['bandstand-muted', 'yes'],
    ],
  )
  assert.equal(host.muted, true)
  const next = opened('sound')
  next.playback.restore()
  await next.playback.begin()
  assert.deepEqual([next.video.volume, next.video.muted, next.playback.silenced], [0.3, true, false])
})

for (const allows of ['silence', 'nothing'] as const) {
  test(`silence that the browser made is not remembered, where it allows ${allows}`, async (t) => {
    const kept = clicked(t)
    const { video, host, playback } = opened(allows)
    await playback.begin()
    await fired()
    assert.deepEqual([video.muted, host.muted, kept.get('bandstand-muted')], [true, false, undefined])
    video.allows = 'sound'
    playback.playWithSound()
    await fired()
    assert.deepEqual([video.paused, video.muted, playback.silenced, playback.refused], [false, false, false, false])
    assert.equal(kept.get('bandstand-muted'), 'no')
  })
}

test('silence that the page wants is not remembered as the wish of a viewer who has clicked somewhere', async (t) => {
  const kept = clicked(t)
  const { video, host, playback } = opened('sound', true)
  await playback.begin()
  await fired()
  assert.deepEqual([video.muted, [...kept]], [true, []])
  video.muted = false
  await fired()
  assert.deepEqual([host.muted, kept.get('bandstand-muted')], [false, 'no'])
})

test('silence that was remembered is kept where the volume is restored on a page that was clicked before', async (t) => {
  const kept = clicked(t)
  kept.set('bandstand-volume', '0.3').set('bandstand-muted', 'yes')
  const { video, host, playback } = opened('sound')
  playback.restore()
  await fired()
  await playback.begin()
  await fired()
  assert.deepEqual([video.volume, video.muted, host.muted, kept.get('bandstand-muted')], [0.3, true, true, 'yes'])
})

test('silence that the viewer chose is kept when a source is loaded anew, also in browsers that do not say whether he clicked', async () => {
  const { video, playback } = opened('sound')
  await playback.begin()
  video.muted = true
  await fired()
  await playback.begin()
  assert.equal(video.muted, true)
})

test('what was refused is played without sound by the play button, and sound is still offered', async () => {
  const { video, playback } = opened('nothing')
  await playback.begin()
  video.allows = 'sound'
  await video.play()
  assert.deepEqual([playback.refused, playback.silenced, video.muted], [false, true, true])
})
