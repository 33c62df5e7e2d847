import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { AUDIO_TRACK, BROUGHT_TRACKS, FURTHER_SOUNDS, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { printEnhancedAudioTag } from '@bandstand/media/containers/flv/audio-tag.ts'
import { printColorInfo } from '@bandstand/media/containers/flv/color-info.ts'
import { printEnhancedVideoTag, printVideoMetadata } from '@bandstand/media/containers/flv/print-video-tag.ts'
import { parseVideoTag, type VideoFrame } from '@bandstand/media/containers/flv/video-tag.ts'
import { readClip } from './clip.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { FakePublisher } from './testing/fake-port.ts'
import { createFlvToStream } from './to-stream.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))
const [pictures] = clip.tracks
const [config] = parseVideoTag(pictures?.header ?? new Uint8Array(0))
const frames = (pictures?.frames ?? []).map(({ body }) => parseVideoTag(body)[0] as VideoFrame)
const key = frames[0] as VideoFrame

const header = (...tracks: readonly number[]) => {
  assert.ok(config?.kind === 'config')
  return printEnhancedVideoTag(...tracks.map((track) => ({ ...config, track })))
}
const picture = (...tracks: readonly number[]) => printEnhancedVideoTag(...tracks.map((track) => ({ ...key, track })))

function setUp() {
  const publisher = new FakePublisher()
  const media = createFlvToStream(publisher, RTMP_LISTENER_LIMITS)
  return { publisher, media, ids: () => publisher.units.map(({ track }) => track) }
}

describe('multitrack video', () => {
  test('track 0 is the first one, the others are brought renditions, in one message or in several', () => {
    const { publisher, media, ids } = setUp()
    media.bitrates = new Map([[2, 800_000]])
    media.video(0, header(0, 1, 2))
    media.video(0, picture(0, 1))
    media.video(0, picture(2))
    const { first } = BROUGHT_TRACKS
    assert.deepEqual(ids(), [VIDEO_TRACK, first, first + 1])
    assert.deepEqual(
      publisher.configs.map(({ track }) => track),
      [VIDEO_TRACK, first, first + 1],
    )
    assert.deepEqual(publisher.bitrates, [undefined, undefined, 800_000])
    assert.equal(publisher.facts['videoTracks'], 3)
  })

  test('track 0 may come after others, and its classic form is track 0 too', () => {
    const { media, ids } = setUp()
    media.video(0, header(1, 2))
    media.video(0, picture(1, 2))
    media.video(5, pictures?.header as Uint8Array)
    media.video(5, pictures?.frames[0]?.body as Uint8Array)
    media.video(40, picture(1))
    assert.deepEqual(ids(), [VIDEO_TRACK, BROUGHT_TRACKS.first])
  })

  test('without a track 0 the lowest number is the first after a second', () => {
    const { media, ids } = setUp()
    media.video(0, header(3, 5))
    media.video(0, picture(5))
    media.video(500, picture(3))
    media.video(1_000, picture(5))
    media.video(1_000, picture(3))
    assert.deepEqual(ids(), [BROUGHT_TRACKS.first, VIDEO_TRACK])
    assert.equal(media.dropped.unconfigured, 2)
  })

  test('an encoder whose clock stands still cannot have ever more tracks wait for the first', () => {
    const { media, ids } = setUp()
    for (let track = 1; track <= 20; track++) media.video(0, header(track))
    media.video(0, picture(1))
    assert.deepEqual(ids(), [VIDEO_TRACK])
  })

  test('more tracks than there is room for are left out and told of', () => {
    const { publisher, media, ids } = setUp()
    const all = Array.from({ length: 12 }, (_, i) => i)
    media.video(0, header(...all))
    media.video(0, picture(...all))
    assert.equal(new Set(ids()).size, 1 + BROUGHT_TRACKS.most)
    assert.deepEqual([publisher.facts['videoTracks'], publisher.facts['videoTracksLeftOut']], [12, 4])
    assert.equal(media.dropped.malformed, 0)
  })

  test('what is wrong with a further track harms no other, and nobody is refused for it', () => {
    const { media, ids } = setUp()
    media.video(0, header(0, 1))
    const broken = { ...key, track: 1, data: Uint8Array.of(0, 0, 0, 9, 1) }
    for (let i = 0; i < 2 * RTMP_LISTENER_LIMITS.malformedUnits; i++) {
      assert.equal(media.video(i, printEnhancedVideoTag(key, broken)), undefined)
    }
    assert.ok(ids().every((id) => id === VIDEO_TRACK))
    assert.equal(ids().length, 2 * RTMP_LISTENER_LIMITS.malformedUnits)
    // A codec that nobody carries in a further track: it is left out.
    assert.equal(media.video(9_000, Uint8Array.of(0x96, 0x00, 0x76, 0x76, 0x63, 0x31, 1, 0)), undefined)
    // In the first one the encoder is told.
    assert.match(media.video(9_000, Uint8Array.of(0x96, 0x00, 0x76, 0x76, 0x63, 0x31, 0, 0)) ?? '', /H\.266/)
  })

  test('a track that goes over to another codec needs a configuration of that', () => {
    const { publisher, media, ids } = setUp()
    media.video(0, header(0))
    media.video(0, picture(0))
    media.video(40, printEnhancedVideoTag({ ...key, codec: 'hevc', data: Uint8Array.of(0, 0, 0, 3, 2, 1, 9) }))
    assert.equal(ids().length, 1)
    media.video(80, picture(0))
    assert.equal(ids().length, 1)
    media.video(90, header(0))
    media.video(90, picture(0))
    assert.equal(ids().length, 2)
    assert.equal(publisher.configs.length, 2)
  })

  test('eight megabytes of tracks, of ModEx and of parameter sets are bounded', () => {
    const { publisher, media } = setUp()
    media.video(0, header(0))
    const tracks = new Uint8Array(8 * 1024 * 1024)
    tracks.set([0x96, 0x13, 0x61, 0x76, 0x63, 0x31])
    media.video(0, tracks)
    const sets = new Uint8Array(8 * 1024 * 1024)
    sets.set([0x93, 0x61, 0x76, 0x63, 0x31])
    for (let at = 5, id = 0; at + 8 <= sets.byteLength; at += 8, id++) {
      sets.set([0, 0, 0, 4, 0x68, 0x80 | (id & 0x7f), id >> 7, id >> 15], at)
    }
    media.video(0, sets)
    assert.equal(media.dropped.malformed, 2)
    assert.equal(publisher.configs.length, 1)
  })
})

test('nanoseconds are added to both times, in ticks of 90 kHz', () => {
  const { publisher, media } = setUp()
  media.video(0, header(0))
  media.video(33, printEnhancedVideoTag({ ...key, compositionTime: 66, nanos: 333_333 }))
  assert.deepEqual([publisher.units[0]?.dts, publisher.units[0]?.pts], [33 * 90 + 30, 99 * 90 + 30])
})

test('colours are told as facts, of the first track only, and what cannot be read of them is counted', () => {
  const { publisher, media } = setUp()
  media.video(0, printVideoMetadata(printColorInfo({ transferCharacteristics: 18 }), 'hevc'))
  media.video(0, printVideoMetadata(printColorInfo({ transferCharacteristics: 16 }), 'hevc', 1))
  assert.equal(publisher.facts['range'], 'HLG')
  media.video(0, printVideoMetadata(Uint8Array.of(99), 'hevc'))
  assert.equal(media.dropped.malformed, 1)
})

describe('multitrack audio', () => {
  const start = (track: number) => ({ kind: 'config', codec: 'opus', track, data: new Uint8Array(0) }) as const
  // 20 ms of CELT.
  const packet = (track: number) =>
    ({ kind: 'frame', codec: 'opus', track, nanos: 0, data: Uint8Array.of(0xfc, 0xff) }) as const

  test('track 0 is the first one, the others are further ones, in one message or in several', () => {
    const { publisher, media, ids } = setUp()
    media.bitrates = new Map([[1, 800_000]])
    media.audio(0, printEnhancedAudioTag(start(0), start(1)))
    media.audio(0, printEnhancedAudioTag(start(2)))
    media.audio(0, printEnhancedAudioTag(packet(0), packet(1)))
    media.audio(0, printEnhancedAudioTag(packet(2)))
    assert.deepEqual(ids(), [AUDIO_TRACK, FURTHER_SOUNDS.first, FURTHER_SOUNDS.first + 1])
    assert.equal(publisher.facts['audioTracks'], 3)
    assert.deepEqual(publisher.bitrates, [undefined, undefined, undefined], 'those are of pictures')
  })

  test('of a hundred tracks those are left out and told of for which there is no room', () => {
    const { publisher, media, ids } = setUp()
    for (let track = 0; track < 100; track++) {
      media.audio(0, printEnhancedAudioTag(start(track)))
      media.audio(0, printEnhancedAudioTag(packet(track)))
    }
    assert.equal(new Set(ids()).size, 1 + FURTHER_SOUNDS.most)
    assert.deepEqual([publisher.facts['audioTracks'], publisher.facts['audioTracksLeftOut']], [100, 92])
    assert.equal(media.dropped.malformed, 0)
  })

  test('what is wrong with a further track harms no other, and nobody is refused for it', () => {
    const { media, ids } = setUp()
    media.audio(0, printEnhancedAudioTag(start(0)))
    const broken = { kind: 'frame', codec: 'ac3', track: 1, nanos: 0, data: Uint8Array.of(1, 2, 3) } as const
    for (let i = 0; i < 2 * RTMP_LISTENER_LIMITS.malformedUnits; i++) {
      assert.equal(media.audio(i, printEnhancedAudioTag(packet(0))), undefined)
      assert.equal(media.audio(i, printEnhancedAudioTag(broken)), undefined)
    }
    assert.ok(ids().every((id) => id === AUDIO_TRACK))
    assert.equal(media.dropped.malformed, 2 * RTMP_LISTENER_LIMITS.malformedUnits)
  })
})
