import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeAac } from '../../sound/fixtures/fake-aac.ts'
import { createSoundRig, type SoundRig } from '../../sound/fixtures/rig.ts'
import { audioConfig } from '../fixtures/encoder.ts'
import { everything, manualScheduler, playlist, type WatchedOptions, watchedWindow } from '../fixtures/watched.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { PlaylistAnswer } from '../live.ts'
import type { LiveWindow } from './window.ts'

/** A broadcast with Opus, as viewers see it, and AAC that is made when they ask for it. */
function watched(options: WatchedOptions = {}) {
  const fake = createFakeAac()
  const window: LiveWindow = watchedWindow({
    older: everything,
    // As ffmpeg does, it makes something when who asked has his answer.
    onSoundAsked: () => queueMicrotask(() => rig.rendition.asked()),
    ...options,
  })
  const rig: SoundRig = createSoundRig({ startProcess: fake.startProcess }, window)
  return { window, rig, fakes: fake.started }
}

const lines = (window: LiveWindow, tag: string) =>
  (window.multivariant()?.plain.toString() ?? '').split('\n').filter((line) => line.startsWith(`#EXT-X-${tag}:`))

async function waited(answer: PlaylistAnswer | undefined): Promise<string> {
  assert.equal(answer?.kind, 'wait')
  return (answer?.kind === 'wait' ? (await answer.ready)?.plain.toString() : undefined) ?? ''
}

test('all pictures are listed once with each group of sound, that of the source first', () => {
  const { window, rig } = watched()
  rig.connect()
  rig.play(5)
  window.ladder([{ track: 11, width: 640, height: 360, frameRate: 30, bitrate: 800_000, codecString: 'avc1.64001e' }])
  assert.deepEqual(
    lines(window, 'STREAM-INF').map((line) => /CODECS="\w+\.\w+,(.*?)".*AUDIO="(\w+)"/.exec(line)?.slice(1)),
    [
      ['Opus', 'audio'],
      ['Opus', 'audio'],
      ['mp4a.40.2', 'aac'],
      ['mp4a.40.2', 'aac'],
    ],
  )
  assert.deepEqual(lines(window, 'MEDIA'), [
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="as_test/a2/index.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="as_test/a51/index.m3u8"',
  ])
  const [first = 0, , third = 0] = lines(window, 'STREAM-INF').map((line) => Number(/BANDWIDTH=(\d+)/.exec(line)?.[1]))
  assert.ok(third >= first, 'what AAC takes more is said')
})

test('who asks for AAC that is not made waits for its first media, in segments of the same numbers', async () => {
  const { window, rig, fakes } = watched()
  rig.connect()
  rig.play(25)
  assert.equal(fakes.length, 0)
  const text = await waited(window.rendition('a51')?.playlist({}))
  assert.equal(fakes.length, 1)
  assert.match(text, /#EXT-X-MAP:URI="i/)
  rig.play(10)
  const [made, source] = [playlist(window, 'a51'), playlist(window, 'a2')]
  const [last, other] = [made.segments.at(-1), source.segments.at(-1)]
  assert.equal(made.mediaSequence + made.segments.length, source.mediaSequence + source.segments.length)
  assert.ok(Math.abs((last?.duration ?? 0) - (other?.duration ?? 9)) < 0.05)
  // Three target durations are there from the beginning.
  const media = made.segments.filter(({ gap }) => !gap)
  assert.ok(media.reduce((sum, { duration }) => sum + duration, 0) >= 12)
  assert.ok(source.renditionReports.some(({ uri }) => uri === '../a51/index.m3u8'))
})

test('a manifest is told to wait for AAC that is not there, and lists it after the source', async () => {
  const { window, rig } = watched()
  rig.connect()
  rig.play(25)
  const soon = window.manifestSoon()
  assert.ok(soon !== undefined)
  await soon
  const mpd = window.manifest()?.plain.toString() ?? ''
  const sets = [...mpd.matchAll(/<AdaptationSet [^>]*contentType="audio"[^>]*>/g)].map(([set]) => set)
  assert.equal(sets.length, 2)
  assert.doesNotMatch(sets[0] ?? '', /selectionPriority/)
  assert.match(sets[1] ?? '', /id="51".*selectionPriority="0"/)
  assert.match(mpd, /<Representation id="a51" bandwidth="\d+" codecs="mp4a\.40\.2"/)
  assert.equal(window.manifestSoon(), undefined)
})

test('a manifest waits no longer than it may for what does not come', async () => {
  const scheduler = manualScheduler()
  const { window, rig } = watched({ scheduler, onSoundAsked: () => undefined })
  rig.connect()
  rig.play(10)
  const soon = window.manifestSoon()
  scheduler.advance(WINDOW_LIMITS.soundStart)
  assert.equal(await soon, undefined)
  assert.match(window.manifest()?.plain.toString() ?? '', /codecs="Opus"/)
})

test('an encoder that comes back with AAC has one group, and players are told', () => {
  const seen: number[] = []
  const { window, rig } = watched({ onGeneration: (generation) => void seen.push(generation) })
  rig.connect()
  rig.play(5)
  rig.studio.stop()
  seen.length = 0
  rig.connect(audioConfig())
  rig.play(5)
  assert.equal(lines(window, 'MEDIA').length, 1)
  assert.ok(seen.length > 0)
})
