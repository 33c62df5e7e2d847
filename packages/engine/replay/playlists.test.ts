import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Epoch } from '../packager/model.ts'
import { epoch, START, timing } from '../store/fixtures/material.ts'
import type { AssetIndex, IndexedSegment } from '../store/port.ts'
import { createDownloadTimeline } from './download-timeline.ts'
import { createReplayManifests } from './manifests.ts'
import { replaySize } from './multivariant.ts'
import { createReplayPlaylists } from './playlists.ts'
import { createRowReader } from './rows.ts'

/**
 * Rows as text: epoch, then `-` for a gap on a track, `k` for a pause of half a second and then a key frame, `p` for one and
 * then none, `d` for media that do not begin with one; segments of two seconds from 0 on, five seconds between epochs.
 */
function index(rows: readonly string[], fields: Partial<AssetIndex> = {}): AssetIndex {
  const segments: IndexedSegment[][] = [[], []]
  let time = 0
  let before = 0
  for (const [i, row] of rows.entries()) {
    if (row === '') continue
    const own = Number(row[0])
    if (own !== before) time += 5
    before = own
    for (const [track, ticks] of [90_000, 48_000].entries()) {
      const gap = row[1 + track] === '-'
      segments[track]?.push({
        ...{ msn: i, epoch: own, firstPart: i * 6, lastPart: i * 6 + 5, start: time * ticks, duration: 2 * ticks },
        ...{ size: gap ? 0 : 100_000 * (i + 1), gap, closedAt: 0, timescale: ticks },
        independent: !/[pd]/.test(row[1 + track] ?? ''),
        ...(/[kp]/.test(row[1 + track] ?? '') && { pause: ticks / 2 }),
      })
    }
    time += 2
  }
  const epochs = [0, 1, 2].map((id) => epochWithSound(id, id * 7 * 90_000))
  const tracks = [
    { track: 1, kind: 'video', segments: segments[0] ?? [] },
    { track: 2, kind: 'audio', segments: segments[1] ?? [] },
  ] as const
  const rest = { ended: true, shed: false, removed: { segments: 0, discontinuities: 0 }, version: 1, bytes: 0 }
  return { assetId: 'as_one', timing, epochs, tracks, next: { msn: 0, part: 0 }, ...rest, ...fields }
}

/** AudioSpecificConfig of 48 kHz, stereo: AAC-LC, and HE-AAC, for which no silence is made. */
const LC = new Uint8Array([0x11, 0x90])
const HE = new Uint8Array([0x2b, 0x11, 0x88, 0x00])

function epochWithSound(id: number, start = 0, decoderConfig = LC): Epoch {
  const whole = epoch(id, start)
  const tracks = whole.tracks.map((track) =>
    track.config.kind === 'audio' ? { ...track, config: { ...track.config, decoderConfig } } : track,
  )
  return { ...whole, tracks }
}

/** Epochs of these numbers have no sound. */
function withoutSound(value: AssetIndex, ...silent: number[]): AssetIndex {
  const epochs = value.epochs.map((one) =>
    silent.includes(one.id) ? { ...one, tracks: one.tracks.filter(({ track }) => track === 1) } : one,
  )
  return { ...value, epochs }
}

/** Printed at once, as nobody has asked before. */
async function media(value: AssetIndex, track: 0 | 1 = 0): Promise<string> {
  const replays = createReplayPlaylists({ index: async () => value })
  return String((await replays.media('as_one', track === 0 ? 'v1' : 'a2', false))?.plain)
}

async function multivariant(value: AssetIndex): Promise<string> {
  return String((await createReplayPlaylists({ index: async () => value }).multivariant('as_one'))?.plain)
}

test('a VOD playlist has a map, a date and a discontinuity where an epoch begins, and an end', async () => {
  assert.equal(
    await media(index(['0++', '1++'])),
    [
      ...['#EXTM3U', '#EXT-X-VERSION:9', '#EXT-X-TARGETDURATION:4', '#EXT-X-PLAYLIST-TYPE:VOD'],
      ...['#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-DISCONTINUITY-SEQUENCE:0'],
      ...['#EXT-X-MAP:URI="i0000000000.mp4"', `#EXT-X-PROGRAM-DATE-TIME:${new Date(START).toISOString()}`],
      ...['#EXTINF:2.000000,', 's0000000000-0000000005.m4s', '#EXT-X-DISCONTINUITY'],
      ...['#EXT-X-MAP:URI="i0000000001.mp4"', `#EXT-X-PROGRAM-DATE-TIME:${new Date(START + 7_000).toISOString()}`],
      ...['#EXTINF:2.000000,', 's0000000006-0000000011.m4s', '#EXT-X-ENDLIST', ''],
    ].join('\n'),
  )
})

test('opening gaps are left out; where one track is missing it has a gap', async () => {
  const text = await media(index(['0--', '0--', '0++', '0-+', '0++']))
  assert.deepEqual(text.match(/^[sg]\d+/gm), ['s0000000012', 'g0000000003', 's0000000024'])
  assert.match(text, /#EXT-X-GAP\n#EXTINF:2.000000,\ng0000000003.m4s\n/)
  assert.doesNotMatch(text, /DISCONTINUITY\n/)
  assert.match(await media(index(['0--', '0--', '0++', '0-+', '0++']), 1), /s0000000018/)
})

test('a stretch without any media is left out with a discontinuity, recorded as a gap or not at all', async () => {
  for (const rows of [
    ['0++', '0--', '0++'],
    ['0++', '', '', '0++'],
  ]) {
    const text = await media(index(rows))
    assert.doesNotMatch(text, /EXT-X-GAP/)
    assert.equal(text.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1)
    assert.equal(text.match(/PROGRAM-DATE-TIME/g)?.length, 2)
  }
})

test('while it runs the type is EVENT, and none once the start was removed', async () => {
  assert.match(await media(index(['0++'], { ended: false })), /CONTROL:CAN-SKIP-UNTIL=24|TYPE:EVENT/)
  const removed = { segments: 7, discontinuities: 2 }
  const text = await media(index(['0++'], { ended: false, shed: true, removed }))
  assert.doesNotMatch(text, /PLAYLIST-TYPE|ENDLIST/)
  assert.match(text, /MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n/)
})

test('the printed playlist is the same whether made at once or as the broadcast went on', async () => {
  const all = ['0--', '0++', '0-+', '0-+', '1++', '1++', '', '1++', '2++', '2+-', '2++']
  let now = index([], { ended: false, version: 0 })
  const growing = createReplayPlaylists({ index: async () => now })
  for (let i = 1; i <= all.length; i++) {
    now = index(all.slice(0, i), { ended: i === all.length, version: i })
    for (const [place, name] of (['v1', 'a2'] as const).entries()) {
      const printed = await growing.media('as_one', name, false)
      if (i === 1) assert.equal(printed, undefined)
      else assert.equal(String(printed?.plain), await media(now, place === 0 ? 0 : 1))
    }
  }
})

test('a track that joins late is in the playlists from their beginning, whatever was printed before', async () => {
  const rows = ['0--', '0+-', '0+-', '1++', '1++']
  const whole = withoutSound(index(rows, { version: 2 }), 0)
  let now = withoutSound(index(rows.slice(0, 3), { ended: false, version: 1 }), 0)
  now = { ...now, epochs: now.epochs.slice(0, 1), tracks: now.tracks.slice(0, 1) }
  const growing = createReplayPlaylists({ index: async () => now })
  await growing.media('as_one', 'v1', false)
  now = whole
  for (const [place, name] of ['v1', 'a2'].entries()) {
    assert.equal(String((await growing.media('as_one', name, false))?.plain), await media(whole, place === 0 ? 0 : 1))
  }
})

test('pictures that join late are in the playlists too, and the sound keeps its own names', async () => {
  const rows = ['0-+', '0-+', '0++']
  const whole = index(rows, { version: 2 })
  let now = index(rows.slice(0, 2), { ended: false, version: 1 })
  now = { ...now, tracks: now.tracks.slice(1) }
  const growing = createReplayPlaylists({ index: async () => now })
  await growing.media('as_one', 'a2', false)
  now = whole
  for (const [place, name] of ['v1', 'a2'].entries()) {
    assert.equal(String((await growing.media('as_one', name, false))?.plain), await media(whole, place === 0 ? 0 : 1))
  }
})

type Find = (assetId: string) => Promise<AssetIndex | undefined>

const kept = {
  playlists(find: Find, bytes: number) {
    const replays = createReplayPlaylists({ index: find }, bytes)
    return (assetId: string) => replays.media(assetId, 'v1', false)
  },
  manifests(find: Find, bytes: number) {
    const replays = createReplayManifests({ index: find }, bytes)
    return (assetId: string) => replays.get(assetId)
  },
}

for (const [what, keep] of Object.entries(kept)) {
  test(`${what} of a broadcast that grows take the room of those asked for less recently`, async () => {
    const assets = new Map<string, AssetIndex>()
    const grow = (assetId: string, length: number) => {
      // Where the sound has holes a manifest cannot say "and so on".
      const rows = Array.from({ length }, (_, i) => (i % 2 === 0 ? '0++' : '0+-'))
      assets.set(assetId, index(rows, { assetId, ended: false, version: length }))
    }
    const ask = keep(async (assetId) => assets.get(assetId), 60_000)
    grow('as_quiet', 1)
    const quiet = await ask('as_quiet')
    assert.ok(quiet !== undefined)
    let length = 0
    do {
      grow('as_growing', (length += 20))
      await ask('as_growing')
    } while (length < 2_000 && (await ask('as_quiet')) === quiet)
    assert.ok(length > 100 && length < 2_000, `${length} segments`)
  })

  test(`${what} that take more than all the room are made once as long as nobody asks for others`, async () => {
    const ask = keep(async (assetId) => index(['0++', '0++'], { assetId }), 1)
    const first = await ask('as_one')
    assert.ok(first !== undefined)
    assert.equal(await ask('as_one'), first)
    await ask('as_other')
    assert.notEqual(await ask('as_one'), first)
  })
}

test('pictures without sound have silence: before it joined, in an epoch without it, where it was not recorded', async () => {
  const value = withoutSound(index(['0+-', '0+-', '1++', '1+-', '2+-']), 0, 2)
  const text = await media(value, 1)
  assert.doesNotMatch(text, /GAP/)
  assert.deepEqual(text.match(/^[qs]\S+$/gm), [
    // Whole frames of 1024 from the begin of the epoch on.
    'q0000000000-0000000000-0000096256.m4s',
    'q0000000000-0000096256-0000096256.m4s',
    's0000000012-0000000017.m4s',
    // As long as the gap on its own track.
    'q0000000000-0000528000-0000096000.m4s',
    'q0000000000-0000864512-0000096256.m4s',
  ])
  assert.match(text, /^#EXT-X-MAP:URI="i0000000000.mp4"\n#EXT-X-PROGRAM-DATE-TIME\S+\n#EXTINF:2.005333,\nq/m)
})

test('where no silence can be made there are gaps, but none at the end of a playlist', async () => {
  const epochs = [0, 1, 2].map((id) => epochWithSound(id, id * 7 * 90_000, HE))
  const sound = await media(index(['0++', '0+-', '0++', '0+-', '0+-'], { epochs }), 1)
  assert.deepEqual(sound.match(/^[gqs]\d+/gm), ['s0000000000', 'g0000000001', 's0000000012'])
  const pictures = await media(index(['0++', '0-+', '0++', '0-+']))
  assert.deepEqual(pictures.match(/^[gqs]\d+/gm), ['s0000000000', 'g0000000001', 's0000000012'])
})

test('a shed front is noticed, and numbers go on counting', async () => {
  let now = index(['0++', '0++', '1++', '1++'], { ended: false })
  const replay = createReplayPlaylists({ index: async () => now })
  await replay.media('as_one', 'v1', false)
  const all = now.tracks.map((track) => ({ ...track, segments: track.segments.slice(2) }))
  now = { ...now, tracks: all, shed: true, removed: { segments: 2, discontinuities: 1 }, version: 2 }
  const text = String((await replay.media('as_one', 'v1', false))?.plain)
  assert.deepEqual(text.match(/^s\d+/gm), ['s0000000012', 's0000000018'])
  assert.match(text, /MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-MAP/)
})

test('a front that goes while a playlist is made leaves no old number before the new one', async () => {
  // More than are read in one turn.
  const old = index(
    Array.from({ length: 600 }, () => '0++'),
    { ended: false },
  )
  const shedBy = (count: number) => old.tracks.map((track) => ({ ...track, segments: track.segments.slice(count) }))
  const removed = { segments: 2, discontinuities: 0 }
  const shed = { ...old, tracks: shedBy(2), shed: true, removed, version: 2 }
  let now = old
  const replay = createReplayPlaylists({ index: async () => now })
  // As the store's lists do, those of the old index lose their front too.
  let isShed = false
  const listOf = (track: number) => ({
    get length() {
      return (isShed ? shed : old).tracks[track]?.segments.length ?? 0
    },
    at: (place: number) => (isShed ? shed : old).tracks[track]?.segments.at(place),
  })
  now = { ...old, tracks: old.tracks.map((track, i) => ({ ...track, segments: listOf(i) as never })) }
  const answers = [replay.media('as_one', 'v1', false), replay.media('as_one', 'v1', false)]
  await new Promise((resolve) => setImmediate(resolve))
  isShed = true
  now = shed
  answers.push(replay.media('as_one', 'v1', false))
  for (const answer of await Promise.all(answers)) {
    const text = String(answer?.plain)
    assert.equal(text.match(/^s\d+/m)?.[0], 's0000000012')
    assert.match(text, /#EXT-X-MEDIA-SEQUENCE:2\n/)
  }
})

test('pictures that came back within a segment are listed behind a gap as long as they were away', async () => {
  const value = index(['0++', '0k+', '0++', '1k+'])
  const lines = (text: string) => text.match(/^(?:#EXT-X-(?:GAP|MAP|DISC.*Y)$|#EXTINF|[gqs]\d).*/gm)
  assert.deepEqual(lines(await media(value)), [
    ...['#EXTINF:2.000000,', 's0000000000-0000000005.m4s'],
    ...['#EXT-X-GAP', '#EXTINF:0.500000,', 'g0000000001.m4s', '#EXTINF:1.500000,', 's0000000006-0000000011.m4s'],
    ...['#EXTINF:2.000000,', 's0000000012-0000000017.m4s'],
    ...['#EXT-X-DISCONTINUITY', '#EXT-X-GAP', '#EXTINF:0.500000,', 'g0000000003.m4s'],
    ...['#EXTINF:1.500000,', 's0000000018-0000000023.m4s'],
  ])
  assert.equal((await media(value)).match(/PROGRAM-DATE-TIME/g)?.length, 2)
  assert.equal((await media(value, 1)).match(/^#EXTINF:2.000000,$/gm)?.length, 4)
  // Of what was sent: 1 MB in 7 s of pictures, and in 8 s of sound.
  assert.match(await multivariant(value), /:BANDWIDTH=2800000,AVERAGE-BANDWIDTH=2142858,/)
  const manifest = String((await createReplayManifests({ index: async () => value }).get('as_one'))?.plain)
  // dash.js 5.2 asks for nothing behind a hole.
  assert.match(manifest, /<S t="0" d="180000" r="2"\/>/)
})

test('pictures that came back without a key frame are a gap in playlists up to the next segment', async () => {
  const text = await media(index(['0++', '0p+', '0++']))
  assert.deepEqual(text.match(/^[gs]\d+/gm), ['s0000000000', 'g0000000001', 's0000000012'])
  assert.equal(text.match(/^#EXTINF:2.000000,$/gm)?.length, 3)
  const manifest = await createReplayManifests({ index: async () => index(['0++', '0p+', '0++']) }).get('as_one')
  assert.match(String(manifest?.plain), /<S t="0" d="180000"\/>\s*<S t="360000" d="180000"\/>/)
  // Alone it is nothing to play.
  assert.doesNotMatch(await media(index(['0++', '0p-', '0++'])), /GAP/)
})

test('a comment says which segments of pictures do not begin with a key frame, also in a delta update', async () => {
  const rows = ['0d+', '0++', ...Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? '0++' : '0d+')), '0-+']
  const value = index(rows, { ended: false })
  const marked = (text: string) => text.match(/#BANDSTAND-INDEPENDENT:NO\n#EXTINF:2.000000,\ns/g)?.length
  const text = await media(value)
  assert.match(text, /"\n#EXT-X-PROGRAM-DATE-TIME\S+\n#BANDSTAND-INDEPENDENT:NO\n#EXTINF:2.000000,\ns0000000000-/)
  assert.match(text, /\.m4s\n#EXTINF:2.000000,\ns0000000006-/)
  assert.equal(marked(text), 14)
  assert.equal(text.match(/BANDSTAND/g)?.length, 14)
  const delta = await createReplayPlaylists({ index: async () => value }).media('as_one', 'v1', true)
  // Of the last 13 segments, which are not wholly past the boundary of 24 s.
  assert.equal(marked(String(delta?.plain)), 9)
  assert.doesNotMatch(await media(index(['0dd', '0+d']), 1), /BANDSTAND/)
})

test('a playlist whose front went counts the gaps that stood for pauses', async () => {
  const removed = { segments: 7, discontinuities: 0, pauses: { 1: 3 } }
  const value = index(['0++', '0k+'], { ended: false, shed: true, removed })
  assert.match(await media(value), /#EXT-X-MEDIA-SEQUENCE:10\n/)
  assert.match(await media(value, 1), /#EXT-X-MEDIA-SEQUENCE:7\n/)
})

test('the multivariant playlist says what was measured and what is needed to decode', async () => {
  const text = await multivariant(index(['0++', '0++', '0-+']))
  assert.match(
    text,
    /TYPE=AUDIO,GROUP-ID="audio",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a2\/index.m3u8"/,
  )
  // Peaks: 200 kB in 2 s of pictures, 300 kB in 2 s of sound.
  assert.match(text, /BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1400000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720/)
  assert.match(text, /FRAME-RATE=30.000,AUDIO="audio"\nv1\/index.m3u8\n$/)
})

test('a frame rate at which no picture comes is not said', async () => {
  const { epochs, ...own } = index(['0++', '0++'])
  for (const frameRate of [2e-10, 90_000]) {
    const nonsense = epochs.map(({ tracks, ...epoch }) => ({
      ...epoch,
      tracks: tracks.map((track) => {
        return track.config.kind === 'video' ? { ...track, config: { ...track.config, frameRate } } : track
      }),
    }))
    assert.doesNotMatch(await multivariant({ ...own, epochs: nonsense }), /FRAME-RATE/)
  }
})

test('CODECS of a replay names what any of its epochs needs', async () => {
  const changed = index(['0++', '1++'])
  const epochs = changed.epochs.map((e) => ({
    ...e,
    tracks: e.tracks.map((t) => ({
      ...t,
      config: e.id === 1 && t.config.kind === 'video' ? { ...t.config, codecString: 'avc1.4d0028' } : t.config,
    })),
  }))
  const text = await multivariant({ ...changed, epochs })
  assert.match(text, /CODECS="avc1.64001f,avc1.4d0028,mp4a.40.2"/)
})

test('sound alone is a variant of its own, and a track without media is none', async () => {
  const text = await multivariant(index(['0-+', '0-+']))
  assert.doesNotMatch(text, /EXT-X-MEDIA:|v1/)
  assert.match(text, /CODECS="mp4a.40.2"\na2\/index.m3u8\n$/)
})

test('the clock of a download leaves out holes and moves all tracks together', () => {
  const value = index(['0--', '0++', '1++', '', '1-+', '2++'])
  const timeline = createDownloadTimeline()
  const reader = createRowReader(value.removed)
  const shifts = reader
    .next(value, 100)
    ?.map((row) => timeline.next(row).map((ticks, i) => ticks / (i === 0 ? 90_000 : 48_000)))
  assert.deepEqual(shifts, [
    [-2, -2],
    [-7, -7],
    [-7, -7],
    [-12, -12],
  ])
  assert.equal(timeline.duration, 8)
})

test('the size of a replay is the one at which its picture is shown, upright and with pixels that are not square', async () => {
  const shown = async (width: number, height: number, sampleAspectRatio: readonly [number, number]) => {
    const whole = index(['0++'])
    const epochs = whole.epochs.map((one) => ({
      ...one,
      tracks: one.tracks.map((track) =>
        track.config.kind === 'video'
          ? { ...track, config: { ...track.config, width, height, sampleAspectRatio } }
          : track,
      ),
    }))
    const size = replaySize({ ...whole, epochs })
    assert.match(await multivariant({ ...whole, epochs }), new RegExp(`RESOLUTION=${size?.width}x${size?.height}`))
    return size
  }
  assert.deepEqual(await shown(720, 576, [64, 45]), { width: 1024, height: 576 })
  assert.deepEqual(await shown(1080, 1920, [1, 1]), { width: 1080, height: 1920 })
  const soundAlone = index(['0-+'])
  assert.equal(replaySize({ ...soundAlone, tracks: soundAlone.tracks.slice(1) }), undefined)
})
