import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { type BroughtOptions, broughtConfig, broughtTrack, encodeLadder } from '../packager/fixtures/brought.ts'
import { audioConfig, type EncoderOptions, videoConfig } from '../packager/fixtures/encoder.ts'
import type { PlaylistDirectives } from '../packager/live.ts'
import { createReplayPlaylists } from '../replay/playlists.ts'
import type { DiskStore } from '../store/disk.ts'
import type { Broadcast } from './channel.ts'
import { openBroadcast, openStore } from './fixtures/broadcast.ts'

const BEGUN = 1_700_000_000_000
const HD: BroughtOptions = { height: 720, size: 30 }
const SD: BroughtOptions = { height: 360 }

class Rig {
  readonly broadcast: Broadcast
  readonly faults: unknown[] = []
  generations = 0
  now = BEGUN

  constructor(store: DiskStore) {
    this.broadcast = openBroadcast(store, {
      onReaderFault: (_who, error) => void this.faults.push(error),
      onGeneration: () => void this.generations++,
    })
  }

  connect(brought: readonly BroughtOptions[], bitrate?: number, audio = true): void {
    this.broadcast.encoderArrived(this.now)
    this.broadcast.announce({ video: true, audio, brought: brought.length }, this.now)
    this.broadcast.configure(VIDEO_TRACK, { ...videoConfig(), frameRate: 30 }, this.now)
    if (audio) this.broadcast.configure(AUDIO_TRACK, audioConfig(), this.now)
    for (const [i, { height }] of brought.entries()) {
      this.broadcast.configure(broughtTrack(i), broughtConfig(height), this.now, bitrate)
    }
  }

  /** @param isSent whether the first rendition is, by seconds from the start */
  send(first: EncoderOptions, brought: readonly BroughtOptions[], isSent?: (at: number) => boolean): void {
    const from = this.now
    let ticked = 0
    for (const { unit, at } of encodeLadder(first, brought)) {
      if (unit.track === VIDEO_TRACK && isSent?.(at) === false) continue
      this.now = from + at * 1000
      this.broadcast.unit(unit, this.now)
      if (this.now - ticked >= 100) this.broadcast.tick((ticked = this.now))
    }
  }

  /** @param directives a rendition that is gaps at its end answers at once only who has its playlist already */
  text(name: string, directives: PlaylistDirectives = {}): string {
    const answer = this.broadcast.live?.rendition(name)?.playlist(directives)
    return answer?.kind === 'now' ? answer.playlist.plain.toString() : `(${answer?.kind})`
  }

  playlist(name: string, directives?: PlaylistDirectives): MediaPlaylist {
    const value = parsePlaylist(this.text(name, directives))
    assert.ok(value.kind === 'media', this.text(name))
    assert.deepEqual(value.issues, [])
    return value.playlist
  }

  get multivariant(): string {
    return this.broadcast.live?.multivariant()?.plain.toString() ?? ''
  }
}

/** Whole segments as number, begin on the wall clock to a frame, gap or not. */
function segmentsOf({ mediaSequence, segments }: MediaPlaylist) {
  return segments.map(({ gap, duration }, i) => ({ msn: mediaSequence + i, gap, duration }))
}

function assertAligned(rig: Rig, names: readonly string[], gapsIn: readonly number[] = []): void {
  assert.deepEqual(rig.faults, [])
  const source = segmentsOf(rig.playlist('v1'))
  for (const name of names) {
    const own = segmentsOf(rig.playlist(name))
    assert.deepEqual(own.at(-1)?.msn, source.at(-1)?.msn, `${name} ends where the source does`)
    for (const { msn, gap, duration } of own) {
      const beside = source.find((s) => s.msn === msn)
      if (beside === undefined || beside.gap) continue
      assert.equal(gap, gapsIn.includes(msn), `${name} segment ${msn}`)
      assert.ok(
        Math.abs(beside.duration - duration) < 0.07,
        `${name} segment ${msn}: ${duration}, not ${beside.duration}`,
      )
    }
  }
}

test('what an encoder brings is listed beside its first rendition, with what each costs and needs', async (t) => {
  const rig = new Rig(await openStore(t))
  rig.connect([HD, SD], 1_200_000)
  rig.send({ seconds: 9 }, [HD, SD])
  assert.deepEqual(rig.faults, [])
  const lines = rig.multivariant.split('\n')
  assert.deepEqual(
    lines.filter((line) => line.endsWith('index.m3u8')),
    ['as_1/v1/index.m3u8', 'as_1/v101/index.m3u8', 'as_1/v102/index.m3u8'],
  )
  const hd = lines[lines.indexOf('as_1/v101/index.m3u8') - 1] ?? ''
  assert.match(hd, /RESOLUTION=1280x720/)
  assert.match(hd, /FRAME-RATE=30/)
  assert.match(hd, /CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/)
  assert.match(hd, /AUDIO="/)
  assertAligned(rig, ['v101', 'v102'])
  assert.equal(rig.generations <= 1, true, 'players that came at the start know of all of them')
})

test('renditions that come seconds later, ahead of the source, or reordered otherwise are cut alike', async (t) => {
  const rig = new Rig(await openStore(t))
  const brought: BroughtOptions[] = [
    { height: 720, late: 3 },
    { height: 480, late: -0.2 },
    // Its pictures are sent before they are shown: their times are those of the others.
    { height: 360, encoder: { bFrames: true, base: -2 / 30 } },
  ]
  rig.connect(brought)
  rig.send({ seconds: 14 }, brought)
  rig.broadcast.encoderLeft(rig.now)
  assertAligned(rig, ['v101', 'v102', 'v103'])
})

test('a rendition whose key frames stand elsewhere is a gap until they meet again, and the studio is told', async (t) => {
  const rig = new Rig(await openStore(t))
  // Its second key frame comes half a second late: the fourth is the source's again.
  const shifted: BroughtOptions = { height: 720, encoder: { gop: (n) => [0, 75, 120, 180, 240, 300].includes(n) } }
  rig.connect([shifted, SD])
  rig.send({ seconds: 11 }, [shifted, SD])
  assertAligned(rig, ['v102'])
  assertAligned(rig, ['v101'], [4])
  const report = rig.broadcast.diagnose()?.brought
  assert.deepEqual(
    report?.renditions.map(({ state, missedSegments }) => [state, missedSegments]),
    [
      ['misaligned', 1],
      ['live', 0],
    ],
  )
  assert.match(report?.message ?? '', /key frames do not stand together.*1280×720/)
})

test('a key frame a frame beside the source begins the same segment', async (t) => {
  const rig = new Rig(await openStore(t))
  const early: BroughtOptions = { height: 720, encoder: { gop: (n) => n === 0 || n % 60 === 59 } }
  const late: BroughtOptions = { height: 360, encoder: { gop: (n) => n === 0 || n % 60 === 1 } }
  rig.connect([early, late])
  rig.send({ seconds: 11 }, [early, late])
  assertAligned(rig, ['v101', 'v102'])
})

test('a rendition that stops is gaps, holds up nobody, and comes back with an aligned key frame', async (t) => {
  const rig = new Rig(await openStore(t))
  const pausing: BroughtOptions = { height: 720, isSent: (at) => at < 5 || at > 18 }
  rig.connect([pausing, SD])
  rig.send({ seconds: 17 }, [pausing, SD])
  assertAligned(rig, ['v102'])
  assert.equal(rig.broadcast.diagnose()?.brought?.renditions[0]?.state, 'live')
  const behind = (rig.playlist('v1').segments.length - rig.playlist('v101', { msn: 5 }).segments.length) * 2
  assert.ok(behind <= 8, `${behind} s behind`)
  const again = new Rig(await openStore(t))
  again.connect([pausing, SD])
  again.send({ seconds: 27 }, [pausing, SD])
  again.broadcast.encoderLeft(again.now)
  const own = segmentsOf(again.playlist('v101'))
  assert.deepEqual(
    own
      .filter(({ msn }) => msn >= 3)
      .map(({ gap }) => (gap ? '-' : '#'))
      .join(''),
    // The last waits for the disk.
    '##--------###',
  )
})

test('a rendition that begins late joins at the next aligned key frame', async (t) => {
  const rig = new Rig(await openStore(t))
  const late: BroughtOptions = { height: 720, isSent: (at) => at > 6.5 }
  rig.connect([late])
  rig.send({ seconds: 15 }, [late])
  const own = segmentsOf(rig.playlist('v101')).filter(({ msn }) => msn >= 7)
  assert.ok(own.length >= 3 && own.every(({ gap }) => !gap))
})

test('a rendition that changes its configuration changes its initialisation segment, and nobody else notices', async (t) => {
  const rig = new Rig(await openStore(t))
  rig.connect([HD, SD])
  rig.send({ seconds: 6 }, [HD, SD])
  rig.broadcast.configure(broughtTrack(0), broughtConfig(540, 64), rig.now)
  rig.send({ seconds: 7, base: 6 }, [HD, SD])
  assertAligned(rig, ['v101', 'v102'])
  const maps = (name: string) => new Set(rig.playlist(name).segments.flatMap(({ map }) => (map ? [map.uri] : []))).size
  assert.deepEqual([maps('v1'), maps('v101'), maps('v102')], [1, 2, 1])
  assert.match(rig.multivariant, /RESOLUTION=960x540/)
  assert.equal(
    rig.playlist('v1').segments.some(({ discontinuity }) => discontinuity),
    false,
  )
})

test('an encoder that comes back with fewer renditions goes on with those', async (t) => {
  const rig = new Rig(await openStore(t))
  rig.connect([HD, SD])
  rig.send({ seconds: 6 }, [HD, SD])
  rig.broadcast.encoderLeft(rig.now)
  rig.now += 2_000
  rig.connect([HD])
  rig.send({ seconds: 9, base: 100 }, [HD])
  assert.doesNotMatch(rig.multivariant, /v102/)
  assertAligned(rig, ['v101'])
})

test('when the source clock jumps, the renditions go with it', async (t) => {
  for (const base of [1_000, 1]) {
    const rig = new Rig(await openStore(t))
    rig.connect([HD])
    rig.send({ seconds: 6, base: 500 }, [HD])
    rig.send({ seconds: 8, base }, [HD])
    assertAligned(rig, ['v101'])
    assert.equal(rig.playlist('v101').segments.filter(({ discontinuity }) => discontinuity).length, 1)
  }
})

test('what was brought is replayed as the source is, also after a change of configuration', async (t) => {
  const store = await openStore(t)
  const rig = new Rig(store)
  rig.connect([HD, SD])
  rig.send({ seconds: 8 }, [HD, SD])
  rig.broadcast.configure(broughtTrack(0), broughtConfig(540, 64), rig.now)
  rig.send({ seconds: 8, base: 8 }, [HD, SD])
  await rig.broadcast.end(rig.now)
  const replay = createReplayPlaylists(store)
  const text = (await replay.multivariant('as_1'))?.plain.toString() ?? ''
  assert.deepEqual(
    text.split('\n').filter((line) => line.endsWith('.m3u8') && !line.startsWith('#')),
    ['v1/index.m3u8', 'v101/index.m3u8', 'v102/index.m3u8'],
  )
  const list = async (name: string) => {
    const parsed = parsePlaylist((await replay.media('as_1', name, false))?.plain.toString() ?? '')
    assert.ok(parsed.kind === 'media')
    return parsed.playlist.segments
  }
  const [source, hd, sd] = await Promise.all(['v1', 'v101', 'v102'].map(list))
  const shape = (segments = source ?? []) => segments.map(({ gap, duration }) => [gap, Math.round(duration * 10)])
  assert.ok((source ?? []).length >= 7)
  assert.deepEqual(shape(hd), shape())
  assert.deepEqual(shape(sd), shape())
  assert.deepEqual(
    [hd, sd].map((own) => own?.filter(({ map }) => map !== undefined).length),
    [2, 1],
  )
})

test('where the first rendition stops the others go on, with sound and without, and it comes back', async (t) => {
  for (const sound of [true, false]) {
    const rig = new Rig(await openStore(t))
    rig.connect([HD, SD], undefined, sound)
    const first = { seconds: 31, ...(!sound && { audioRate: 0 }) }
    rig.send(first, [HD, SD], (at) => at < 7.5 || at >= 22)
    rig.broadcast.encoderLeft(rig.now)
    const of = (name: string) => segmentsOf(rig.playlist(name)).filter(({ msn }) => msn >= 3)
    const gaps = (name: string) => of(name).filter(({ gap }) => gap).length
    const seconds = (name: string) => of(name).reduce((sum, { gap, duration }) => sum + (gap ? 0 : duration), 0)
    for (const name of ['v101', 'v102']) {
      // Where the first comes back it begins an epoch of its own without sound: what is between is left out.
      assert.ok(gaps(name) <= 2, `${sound} ${name}: ${gaps(name)} gaps`)
      assert.ok(seconds(name) > 22, `${sound} ${name}: ${seconds(name)} s`)
    }
    assert.ok(gaps('v1') >= 2, `${gaps('v1')} gaps of the first`)
    assert.ok(of('v1').at(-1)?.gap === false)
    assert.equal(of('v1').at(-1)?.msn, of('v101').at(-1)?.msn)
  }
})

test('a rendition whose parameter sets say nonsense of its frames is listed as it comes, and cut as the others', async (t) => {
  for (const frameRate of [2e-10, 90_000]) {
    const store = await openStore(t)
    const rig = new Rig(store)
    rig.connect([HD, SD])
    rig.broadcast.configure(broughtTrack(0), { ...broughtConfig(720, 1), frameRate }, rig.now)
    rig.send({ seconds: 12 }, [HD, SD])
    assertAligned(rig, ['v101', 'v102'])
    assert.doesNotMatch(rig.multivariant, /FRAME-RATE=(?!30)/)
    await rig.broadcast.end(rig.now)
    const recorded = (await store.index('as_1'))?.epochs.flatMap(({ tracks }) => tracks) ?? []
    const rates = recorded.flatMap(({ config }) => (config.kind === 'video' ? [config.frameRate] : []))
    assert.deepEqual(rates, [30, 30, 30])
  }
})
