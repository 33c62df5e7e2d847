import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfigFromOpusChannels } from '@bandstand/media/codecs/opus/config.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { audioConfig, videoConfig } from '../packager/fixtures/encoder.ts'
import { encodeSounds, type SoundOptions, soundTrack } from '../packager/fixtures/sounds.ts'
import { createReplayManifests } from '../replay/manifests.ts'
import { createReplayPlaylists } from '../replay/playlists.ts'
import type { DiskStore } from '../store/disk.ts'
import type { Broadcast } from './channel.ts'
import { openBroadcast, openStore } from './fixtures/broadcast.ts'

const BEGUN = 1_700_000_000_000
const GERMAN: AudioTrackConfig = { ...audioConfig(), language: 'deu' }
const OPUS = audioConfigFromOpusChannels(2, 960)

function begin(store: DiskStore, configs: readonly AudioTrackConfig[]): Broadcast {
  const broadcast = openBroadcast(store)
  broadcast.encoderArrived(BEGUN)
  broadcast.announce({ video: true, audio: true, furtherSounds: configs.length }, BEGUN)
  broadcast.configure(VIDEO_TRACK, { ...videoConfig(), frameRate: 30 }, BEGUN)
  broadcast.configure(AUDIO_TRACK, { ...audioConfig(), language: 'eng' }, BEGUN)
  for (const [i, config] of configs.entries()) broadcast.configure(soundTrack(i), config, BEGUN)
  return broadcast
}

function send(broadcast: Broadcast, further: readonly SoundOptions[], seconds = 13): number {
  for (const { unit, at } of encodeSounds({ seconds }, further)) broadcast.unit(unit, BEGUN + at * 1000)
  return BEGUN + seconds * 1000
}

/** Address of each sound of a group with its name, language, and whether it is the one to begin with. */
function soundsIn(multivariant: string | undefined) {
  const parsed = parsePlaylist(multivariant ?? '')
  assert.ok(parsed.kind === 'multivariant', multivariant)
  assert.deepEqual(parsed.issues, [])
  const { renditions, variants } = parsed.playlist
  return {
    sounds: renditions.map(({ uri, name, language, default: isDefault }) => [
      uri?.split('/').at(-2),
      name,
      language,
      isDefault,
    ]),
    codecs: variants.map(({ codecs }) => codecs?.slice(1).join()),
  }
}

const LISTED = [
  ['a2', 'English', 'en', true],
  ['a121', 'Deutsch', 'de', false],
  ['a122', 'Track 3', undefined, false],
]

/** Identifier, language, label and role of each set of sound in the newest period. */
function setsIn(mpd: string): unknown[][] {
  const period = mpd.slice(mpd.lastIndexOf('<Period'))
  return [
    ...period.matchAll(/<AdaptationSet id="(\d+)"(?: lang="(\w+)")? contentType="audio"[\s\S]*?<\/AdaptationSet>/g),
  ].map(([set, id, language]) => [
    ...[Number(id), language],
    /<Label>(.*)<\/Label>/.exec(set)?.[1],
    /<Role schemeIdUri="urn:mpeg:dash:role:2011" value="(\w+)"/.exec(set)?.[1],
  ])
}

const SETS = [
  [2, 'en', 'English', 'main'],
  [121, 'de', 'Deutsch', 'alternate'],
  [122, undefined, 'Track 3', 'alternate'],
]

test('several sounds are one group, live and in the replay, and a set each in DASH', async (t) => {
  const store = await openStore(t)
  const broadcast = begin(store, [GERMAN, audioConfig()])
  const now = send(broadcast, [{}, {}])
  const live = soundsIn(broadcast.live?.multivariant()?.plain.toString())
  assert.deepEqual(live, { sounds: LISTED, codecs: ['mp4a.40.2'] })
  assert.deepEqual(setsIn(broadcast.live?.manifest()?.plain.toString() ?? ''), SETS)
  for (const name of ['a121', 'a122']) {
    const answer = broadcast.live?.rendition(name)?.playlist({})
    assert.ok(answer?.kind === 'now')
    const source = broadcast.live?.rendition('a2')?.playlist({})
    assert.ok(source?.kind === 'now')
    const numbers = (text: string) => [/MEDIA-SEQUENCE:\d+/.exec(text)?.[0], text.match(/EXTINF/g)?.length]
    assert.deepEqual(numbers(answer.playlist.plain.toString()), numbers(source.playlist.plain.toString()))
  }
  await broadcast.end(now)
  const replay = await createReplayPlaylists(store).multivariant('as_1')
  assert.deepEqual(soundsIn(replay?.plain.toString()), live)
  const media = parsePlaylist(String((await createReplayPlaylists(store).media('as_1', 'a121', false))?.plain))
  assert.ok(media.kind === 'media' && media.playlist.segments.every(({ gap }) => !gap))
  const manifest = await createReplayManifests(store, undefined, () => now + 1e9).get('as_1')
  assert.deepEqual(setsIn(String(manifest?.plain)), SETS)
})

test('a track of another codec is recorded and in DASH, and who reads HLS is not asked for its codec', async (t) => {
  const store = await openStore(t)
  const broadcast = begin(store, [OPUS, GERMAN])
  const now = send(broadcast, [{}, {}])
  const live = soundsIn(broadcast.live?.multivariant()?.plain.toString())
  assert.deepEqual(live.sounds, [
    ['a2', 'English', 'en', true],
    ['a122', 'Deutsch', 'de', false],
  ])
  assert.deepEqual(live.codecs, ['mp4a.40.2'])
  assert.deepEqual(
    setsIn(broadcast.live?.manifest()?.plain.toString() ?? '').map(([track]) => track),
    [2, 121, 122],
  )
  const states = broadcast.diagnose()?.furtherSounds?.map(({ name, codec, state }) => [name, codec, state])
  assert.deepEqual(states, [
    ['Track 2', 'Opus', 'other-codec'],
    ['Deutsch', 'mp4a.40.2', 'live'],
  ])
  await broadcast.end(now)
  const replay = await createReplayPlaylists(store).multivariant('as_1')
  assert.deepEqual(soundsIn(replay?.plain.toString()), live)
  assert.ok((await store.index('as_1'))?.tracks.some(({ track, segments }) => track === 121 && segments.length > 3))
})

test('a track that comes late is listed with the key frame from which on it is there', async (t) => {
  const store = await openStore(t)
  const broadcast = begin(store, [GERMAN])
  const generation = () => broadcast.generation
  const all = [...encodeSounds({ seconds: 13 }, [{ from: 5 }])]
  const feed = (from: number, to: number) => {
    for (const { unit, at } of all) if (at >= from && at < to) broadcast.unit(unit, BEGUN + at * 1000)
  }
  feed(0, 4)
  const before = generation()
  assert.deepEqual(soundsIn(broadcast.live?.multivariant()?.plain.toString()).sounds, [['a2', 'English', 'en', true]])
  feed(4, 13)
  assert.ok(generation() > before, 'players are told')
  assert.deepEqual(soundsIn(broadcast.live?.multivariant()?.plain.toString()).sounds, LISTED.slice(0, 2))
  await broadcast.end(BEGUN + 13_000)
  // Silence stands for the time before.
  const text = String((await createReplayPlaylists(store).media('as_1', 'a121', false))?.plain)
  const parsed = parsePlaylist(text)
  assert.ok(parsed.kind === 'media' && parsed.playlist.segments.every(({ gap }) => !gap), text)
  const length = parsed.playlist.segments.reduce((sum, { duration }) => sum + duration, 0)
  assert.ok(Math.abs(length - 13) < 0.2, text)
})

test('the studio knows of a track that has stopped', async (t) => {
  const broadcast = begin(await openStore(t), [GERMAN, audioConfig()])
  send(broadcast, [{ until: 6 }, {}])
  const states = broadcast.diagnose()?.furtherSounds?.map(({ language, state }) => [language, state])
  assert.deepEqual(states, [
    ['de', 'stopped'],
    [undefined, 'live'],
  ])
})

test('readers of the hub are given the first sound only', async (t) => {
  const broadcast = begin(await openStore(t), [GERMAN])
  const reader = broadcast.hub.read({
    ...{ name: 'test', from: 'newest-key', maxBytes: 1 << 24, maxDuration: 60_000, isUrgent: () => false },
    onReady() {},
  })
  send(broadcast, [{}], 4)
  const tracks = new Set<number>()
  for (let event = reader.take(); event !== undefined; event = reader.take()) {
    if (event.kind === 'unit') tracks.add(event.unit.track)
  }
  assert.deepEqual(
    [...tracks].toSorted((a, b) => a - b),
    [VIDEO_TRACK, AUDIO_TRACK],
  )
})
