import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { MediaPlaylist, RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { TimedUnit } from '../../timeline/model.ts'
import { encode, videoConfig } from '../fixtures/encoder.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, manualScheduler, playlist, text, type WatchedOptions, watchedWindow } from '../fixtures/watched.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { PlaylistAnswer } from '../live.ts'
import { type ListedRung, names } from '../model.ts'
import { createRungPacker, type RungPacker } from '../rung-packer.ts'
import type { LiveWindow } from './window.ts'

const RUNG = 11
const rung: ListedRung = {
  ...{ track: RUNG, width: 640, height: 360, frameRate: 30, bitrate: 800_000, codecString: 'avc1.64001e' },
}

/** A window with a ladder of one rung, whose pictures come `lag` ticks of 90 kHz after the source's once `on` is set. */
function withLadder(options: WatchedOptions = {}) {
  const window: LiveWindow = watchedWindow({ older: everything, ...options })
  const state = { on: false, config: videoConfig(), lag: 0, rungs: [rung] }
  const coming: TimedUnit[] = []
  let packer: RungPacker | undefined
  let epoch = 0
  function release(until: number): void {
    for (const unit of coming.splice(0, coming.findLastIndex(({ dts }) => dts <= until) + 1)) packer?.unit(unit, epoch)
  }
  const studio: Studio = createStudio({
    sinks: () => [window],
    follower: (timing, packager) =>
      (packer = createRungPacker({ timing, sink: window, numbersOf: (t) => packager()?.numbersOf(t) ?? (() => 0) })),
    onEvent(event) {
      if (event.kind === 'epoch-opened') {
        epoch = event.id
        window.ladder(state.rungs)
        packer?.add(RUNG, 3000)
        packer?.configure(RUNG, epoch, videoConfig())
      } else if (event.kind === 'unit' && event.unit.track === VIDEO_TRACK && state.on) {
        if (event.unit.key) {
          packer?.configure(RUNG, epoch, state.config)
          packer?.begin(RUNG, epoch, event.unit.dts)
        }
        coming.push({ ...event.unit, track: RUNG })
        release(event.unit.dts - state.lag)
      } else if (event.kind === 'epoch-closed') {
        release(Number.POSITIVE_INFINITY)
        packer?.pause(RUNG, event.id)
      }
    },
  })
  studio.connect()
  return { window, studio, state }
}

const variants = (window: LiveWindow) =>
  (window.multivariant()?.plain.toString() ?? '').split('\n').filter((line) => line.startsWith('#EXT-X-STREAM-INF'))

test('a rung is listed behind the source, with what its encoder may reach and the sound of all', () => {
  const { window, studio } = withLadder()
  studio.send(encode({ seconds: 5 }))
  assert.equal(variants(window).length, 2)
  assert.equal(
    variants(window)[1],
    '#EXT-X-STREAM-INF:BANDWIDTH=1160000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio"',
  )
})

test('a rung is said to have the sound that was measured, as the source is', () => {
  const { window, studio } = withLadder()
  const said = () => variants(window).map((line) => Number(/BANDWIDTH=(\d+)/.exec(line)?.[1]))
  studio.send(encode({ seconds: 5 }))
  assert.equal(said()[1], 1_160_000)
  studio.send(encode({ seconds: 10, base: 5 }))
  // Three bytes for each frame of sound.
  const [source = 0, own = 0] = said()
  assert(own > 1_000_000 && own < 1_000_000 + source && source < 20_000, `${own}, ${source}`)
})

test('with other rungs the generation rises, with the same it does not', () => {
  const seen: number[] = []
  const { window, studio } = withLadder({ onGeneration: (generation) => void seen.push(generation) })
  studio.send(encode({ seconds: 3 }))
  seen.length = 0
  const before = window.generation
  window.ladder([{ ...rung }])
  window.ladder([])
  window.ladder([rung])
  assert.deepEqual(seen, [before + 1, before + 2])
  assert.equal(window.generation, before + 2)
  assert.equal(variants(window).length, 2)
})

/** What is listed of the newest encoder, as whoever is told of a generation finds it. */
const begun = (window: LiveWindow, name: string) => {
  const [, newest] = text(window, name).split('#EXT-X-DISCONTINUITY\n')
  return /#EXT-X-PART:/.test(newest ?? '')
}

for (const { what, isSilent } of [
  { what: 'pictures and sound of its own', isSilent: false },
  { what: 'pictures, where its sound does not come', isSilent: true },
]) {
  test(`other rungs of an encoder that came back are announced and listed with the first ${what}`, () => {
    const told: { begun: boolean[]; generation: number; rung: string | undefined }[] = []
    const seen = () => ({
      begun: ['v1', 'a2'].map((name) => begun(window, name)),
      generation: window.generation,
      rung: variants(window)[1]?.replace(/.*FRAME-RATE=([\d.]+).*/, '$1'),
    })
    const { window, studio, state } = withLadder({ onGeneration: () => void told.push(seen()) })
    studio.send(encode({ seconds: 7 }))
    studio.stop()
    studio.now += 1_000
    told.length = 0
    const before = window.generation
    // The same pictures; their rate is measured anew.
    state.rungs = [{ ...rung, frameRate: 30.3 }]
    studio.connect()
    const sent = [...encode({ seconds: 3 })].filter(
      ({ unit, at }) => !isSilent || unit.track === VIDEO_TRACK || at < 0.3,
    )
    const from = studio.now
    for (const one of sent) {
      studio.now = from
      studio.send([one])
      if (told.length === 0) assert.deepEqual([window.generation, seen().rung], [before, '30.000'])
    }
    assert.deepEqual(told, [{ begun: [true, !isSilent], generation: before + 1, rung: '30.300' }])
  })
}

test('rungs that changed with an epoch of which nothing came are shown with the next one', () => {
  const { window, studio, state } = withLadder()
  studio.send(encode({ seconds: 7 }))
  studio.stop()
  studio.now += 1_000
  state.rungs = []
  // It opens an epoch and shows nothing of it.
  const [last] = studio.recorded.epochs
  assert.ok(last !== undefined)
  window.epoch({ ...last, id: 1 })
  window.ladder([])
  window.epoch({ ...last, id: 2 })
  for (const track of [VIDEO_TRACK, AUDIO_TRACK]) {
    const like = studio.parts(track).at(-1)
    assert.ok(like !== undefined)
    window.part({ ...like, epoch: 2, msn: like.msn + 1, number: like.number + 1, last: false })
  }
  assert.equal(variants(window).length, 1)
})

test('a rung that is made before the sound it goes with has come is not lost', () => {
  const { window, studio, state } = withLadder()
  state.rungs = []
  studio.send(encode({ seconds: 7 }))
  studio.stop()
  studio.now += 1_000
  Object.assign(state, { on: true, rungs: [{ ...rung, track: RUNG }] })
  studio.connect()
  studio.send([...encode({ seconds: 3 })].filter(({ unit, at }) => unit.track === VIDEO_TRACK || at < 0.3))
  const [, newest = ''] = text(window, 'v11').split('#EXT-X-DISCONTINUITY\n')
  assert.equal(newest.match(/INDEPENDENT=YES/g)?.length, 2)
})

test('who asks for a rung that is not made waits for its first media, and the ladder is told', async () => {
  let asked = 0
  const { window, studio, state } = withLadder({ onLadderAsked: () => void asked++ })
  studio.send(encode({ seconds: 7 }))
  const answer = window.rendition('v11')?.playlist({})
  assert.equal(answer?.kind, 'wait')
  assert.equal(asked, 1)
  state.on = true
  studio.send(encode({ seconds: 3, base: 7 }))
  const given = answer?.kind === 'wait' ? (await answer.ready)?.plain.toString() : ''
  assert.match(given ?? '', /#EXT-X-PART:DURATION=0\.333000,URI="p\d+\.m4s",INDEPENDENT=YES/)
  assert.match(given ?? '', /#EXT-X-GAP/)
})

test('a rung that does not come is not waited for for ever', async () => {
  const scheduler = manualScheduler()
  const { window, studio } = withLadder({ scheduler })
  studio.send(encode({ seconds: 7 }))
  const answer = window.rendition('v11')?.playlist({})
  scheduler.advance(60_000)
  assert.equal(answer?.kind === 'wait' ? await answer.ready : 'answered', undefined)
})

/** What the playlists of the source say of the rung. */
function reported(window: LiveWindow) {
  const [video, audio] = ['v1', 'a2'].map((name) =>
    playlist(window, name).renditionReports.find(({ uri }) => uri === '../v11/index.m3u8'),
  )
  assert.deepEqual(video?.lastMsn, audio?.lastMsn)
  return video
}

/** The playlist that whoever asks is given at once or later, read. */
async function shown(answer: PlaylistAnswer | undefined): Promise<MediaPlaylist | undefined> {
  const given = answer?.kind === 'wait' ? await answer.ready : answer?.kind === 'now' ? answer.playlist : undefined
  const value = given && parsePlaylist(given.plain.toString())
  return value?.kind === 'media' ? value.playlist : undefined
}

test('playlists report a rung always, with a number that only rises', () => {
  const { window, studio, state } = withLadder()
  const seen: number[] = []
  for (let from = 0; from < 40; from += 0.5) {
    state.on = from >= 12 && from < 24
    studio.send(encode({ seconds: 0.5, base: from }))
    const said = reported(window)
    assert.ok(said?.lastMsn !== undefined && said.lastPart !== undefined, `at ${from}`)
    seen.push(said.lastMsn)
  }
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  assert.match(text(window, 'v1', { msn: 5, skip: true }), /#EXT-X-RENDITION-REPORT:URI="\.\.\/v11\/index\.m3u8"/)
})

for (const [what, seconds, on] of [
  ['rests from the start', 11, () => false],
  ['is being made', 11.5, (from: number) => from >= 4],
  ['rests again', 30, (from: number) => from >= 4 && from < 12],
] as const) {
  test(`a rung that ${what} is reported with what its own playlist lists`, () => {
    const { window, studio, state } = withLadder()
    for (let from = 0; from < seconds; from += 0.5) {
      state.on = on(from)
      studio.send(encode({ seconds: 0.5, base: from }))
    }
    const said = reported(window)
    // Nobody is shown one that rests, until it is over.
    if (!state.on) window.end()
    const { mediaSequence, segments, trailingParts } = playlist(window, 'v11')
    const isOpen = trailingParts.length > 0
    const parts = isOpen ? trailingParts : (segments.at(-1)?.parts ?? [])
    assert.equal(segments.at(-1)?.gap, !state.on)
    assert.equal(said?.lastMsn, mediaSequence + segments.length - (isOpen ? 0 : 1))
    assert.equal(said.lastPart, parts.length - 1)
  })
}

test('a rung that is no longer listed is not reported while it rests', () => {
  const { window, studio, state } = withLadder()
  studio.send(encode({ seconds: 7 }))
  state.rungs = []
  window.ladder([])
  studio.send(encode({ seconds: 4, base: 7 }))
  assert.equal(reported(window), undefined)
})

for (const [what, more] of [
  ['what the report says', (said: RenditionReport) => ({ msn: said.lastMsn, part: said.lastPart ?? 0 })],
  ['the part after it', (said: RenditionReport) => ({ msn: said.lastMsn, part: (said.lastPart ?? 0) + 1, skip: true })],
] as const) {
  test(`who comes to a resting rung by its report, and asks for ${what}, is given media, not gaps`, async () => {
    let asked = 0
    const { window, studio, state } = withLadder({ onLadderAsked: () => void asked++ })
    studio.send(encode({ seconds: 11 }))
    const said = reported(window)
    assert.ok(said !== undefined)
    assert.equal(asked, 0)
    const { msn, ...rest } = more(said)
    assert.ok(msn !== undefined)
    const answer = window.rendition('v11')?.playlist({ msn, ...rest })
    assert.equal(asked, 1)
    assert.equal(answer?.kind === 'wait' && answer.blocking, true)
    state.on = true
    studio.send(encode({ seconds: 3, base: 11 }))
    const given = await shown(answer)
    assert.ok(given !== undefined)
    assert.ok(given.trailingParts.some(({ gap }) => !gap))
    assert.ok(given.mediaSequence + (given.skippedSegments ?? 0) + given.segments.length > msn)
  })
}

test('a request far ahead of a resting rung is refused, and one that nothing comes for is let go', async () => {
  const scheduler = manualScheduler()
  const { window, studio } = withLadder({ scheduler })
  studio.send(encode({ seconds: 11 }))
  const said = reported(window)
  assert.ok(said?.lastMsn !== undefined)
  assert.equal(window.rendition('v11')?.playlist({ msn: said.lastMsn + 3 }).kind, 'bad-request')
  const answer = window.rendition('v11')?.playlist({ msn: said.lastMsn, part: 0 })
  scheduler.advance(WINDOW_LIMITS.rungStart)
  assert.equal(await shown(answer), undefined)
  assert.equal(scheduler.pending, 0)
})

test('a rung stands beside the source in the DASH manifest once it has a whole segment', () => {
  const { window, studio, state } = withLadder()
  studio.send(encode({ seconds: 7 }))
  assert.doesNotMatch(window.manifest()?.plain.toString() ?? '', /id="v11"/)
  state.on = true
  studio.send(encode({ seconds: 8, base: 7 }))
  const manifest = window.manifest()?.plain.toString() ?? ''
  const [set = ''] = /<AdaptationSet id="1"[^]*?<\/AdaptationSet>/.exec(manifest) ?? []
  assert.match(set, /<Representation id="v1" /)
  assert.match(set, /<Representation id="v11" [^]*?<SegmentTemplate timescale="90000"/)
})

test('a rung is not in the recording: what has left its memory is not listed', () => {
  const { window, studio, state } = withLadder()
  state.on = true
  studio.send(encode({ seconds: 80 }))
  const segments = (name: string) =>
    text(window, name)
      .split('\n')
      .filter((line) => line.startsWith('s'))
  assert(segments('v1').length > 25)
  assert(segments('v11').length <= 10, `${segments('v11').length} segments`)
  for (const name of segments('v11')) assert.equal(window.rendition('v11')?.media(name).kind, 'now', name)
})

test('in DASH nobody is told to rewind to where a rung that is listed has nothing', () => {
  const { window, studio, state } = withLadder()
  const figures = () => {
    const mpd = window.manifest()?.plain.toString() ?? ''
    const [, own] = mpd.split('<Representation id="v11"')
    return {
      depth: Number(/timeShiftBufferDepth="PT(\d+)S"/.exec(mpd)?.[1]),
      from: /<S t="(\d+)"/.exec(own ?? '')?.[1],
    }
  }
  studio.send(encode({ seconds: 70 }))
  assert.equal(figures().depth, 60)
  state.on = true
  studio.send(encode({ seconds: 5, base: 70 }))
  assert.deepEqual(figures(), { depth: 12, from: String(70 * 90_000) })
  studio.send(encode({ seconds: 40.5, base: 75 }))
  const { depth, from } = figures()
  assert.ok(depth >= 14 && depth <= 115.5 - Number(from) / 90_000, `${depth} s, from ${from}`)
})

test('DASH says of a rung what its encoder may reach, as the multivariant playlist does, and more where more was measured', () => {
  const { window, studio, state } = withLadder()
  state.on = true
  const declared = () =>
    Number(/<Representation id="v11"[^>]* bandwidth="(\d+)"/.exec(String(window.manifest()?.plain))?.[1])
  studio.send(encode({ seconds: 9 }))
  assert.equal(declared(), 1.25 * rung.bitrate)
  const large = new Uint8Array(2_000_000 / 8 / 30)
  const sent = [...encode({ seconds: 9, base: 9 })]
  studio.send(
    sent.map((one) => ({
      ...one,
      unit: { ...one.unit, data: one.unit.track === VIDEO_TRACK ? large : one.unit.data },
    })),
  )
  assert(declared() > 2_000_000 && declared() < 2_300_000, `${declared()}`)
})

test('a rung in the making is listed in DASH when it has begun, later than its source', () => {
  const { window, studio, state } = withLadder()
  state.on = true
  studio.send(encode({ seconds: 12.9 }))
  const mpd = window.manifest()?.plain.toString() ?? ''
  const early = [...mpd.matchAll(/availabilityTimeOffset="([\d.]+)"/g)].map((found) => Number(found[1]))
  assert.equal(early.length, 3)
  assert.ok(early.every((seconds) => seconds >= 0.5 && seconds <= 2))
  const [source, own] = [...mpd.matchAll(/<SegmentTimeline>([^]*?)<\/SegmentTimeline>/g)].map((found) => found[1])
  assert.equal(source, '\n<S t="0" d="180000" r="6"/>\n')
  assert.equal(own, source)
})

test('a rung that comes back as another within an epoch is listed with the initialisation segment of its media', () => {
  const { window, studio, state } = withLadder()
  state.on = true
  studio.send(encode({ seconds: 9.9 }))
  const first = state.config
  const before = text(window, 'v11')
  state.config = videoConfig(1)
  studio.send(encode({ seconds: 8, base: 10 }))
  const maps = (playlist: string) => [...playlist.matchAll(/#EXT-X-MAP:URI="(.*?)"/g)].map(([, name]) => name ?? '')
  const bytes = (name = '') => {
    const answer = window.rendition('v11')?.media(name)
    return answer?.kind === 'now' ? Buffer.concat(answer.chunks) : undefined
  }
  const listed = text(window, 'v11')
  assert.equal(maps(before).length, 1)
  assert.equal(maps(listed).length, 2)
  assert.deepEqual(bytes(maps(before)[0]), bytes(maps(listed)[0]))
  assert.deepEqual(bytes(maps(listed)[0]), Buffer.from(writeInitSegment(RUNG, first)))
  assert.deepEqual(bytes(maps(listed)[1]), Buffer.from(writeInitSegment(RUNG, state.config)))
  // The number of the first part that needs it.
  const [, after = ''] = listed.split(`#EXT-X-MAP:URI="${maps(listed)[1]}"`)
  assert.match(after, /s(\d+)-\d+\.m4s/)
  assert.equal(`i${/s(\d+)-/.exec(after)?.[1]}.mp4`, maps(listed)[1])
  // A DASH period has one of each: only what needs it is listed.
  const manifest = window.manifest()?.plain.toString() ?? ''
  const [rungOnly = ''] = /<Representation id="v11"[^]*?<\/Representation>/.exec(manifest) ?? []
  assert.match(rungOnly, new RegExp(`initialization="[^"]*${maps(listed)[1]}"`))
  assert.match(rungOnly, /<S t="900000"/)
  assert.doesNotMatch(rungOnly, /<S t="0"/)
})

test('what a rung still has of the encoder before is listed, however many encoders there were', () => {
  const window = watchedWindow({ older: everything })
  const config = videoConfig()
  const init = writeInitSegment(RUNG, config)
  const S = 90_000
  const encoders = 70
  const part = (track: number, epoch: number, second: number, msn: number) =>
    window.part({
      ...{ track, epoch, number: msn, msn, start: second * S, duration: S, closedAt: 0 },
      ...{ independent: true, last: true, gap: false, bytes: new Uint8Array(3) },
    })
  window.ladder([rung])
  for (let id = 0; id < encoders; id++) {
    const tracks = [{ track: VIDEO_TRACK, config, init, initNumber: 0 }]
    window.epoch({ id, start: 2 * id * S, wallClock: 2_000 * id, tracks })
    if (id > 0) {
      // It comes when the next encoder is there already.
      window.rung(id - 1, { track: RUNG, config, init, initNumber: 0 })
      for (const msn of [2 * id - 2, 2 * id - 1]) part(RUNG, id - 1, msn, msn)
    }
    for (const msn of [2 * id, 2 * id + 1]) part(VIDEO_TRACK, id, msn, msn)
    if (id === 0) continue
    const listed = text(window, 'v11')
    for (const msn of [2 * id - 2, 2 * id - 1]) assert.ok(listed.includes(names.segment(msn, msn)), `segment ${msn}`)
  }
})

test('without a recording no DASH period is listed of which rungs alone are left', () => {
  const { window, studio, state } = withLadder({ older: { ...everything, available: () => false } })
  state.on = true
  studio.send(encode({ seconds: 10 }))
  studio.stop()
  studio.now += 1_000
  studio.connect()
  const sent = [...encode({ seconds: 30 })]
  const begun = studio.now
  let periods = 0
  for (let from = 0; from < 30; from += 0.5) {
    studio.now = begun
    studio.send(sent.filter(({ at }) => at >= from && at < from + 0.5))
    const manifest = window.manifest()?.plain.toString() ?? ''
    assert.doesNotMatch(manifest, /<Period [^>]*>\n<\/Period>/, `at ${from}`)
    periods = manifest.match(/<Period /g)?.length ?? 0
  }
  assert.equal(periods, 1)
})

for (const gop of [60, (picture: number) => [0, 75, 140, 231].includes(picture % 310)]) {
  const keys = typeof gop === 'number' ? 'regular' : 'irregular'
  for (const goesOn of [true, false]) {
    test(`a DASH period is first listed with the rungs of the one before, ${goesOn ? 'which come a moment later' : 'but does not wait for ever'}; key frames ${keys}`, () => {
      const { window, studio, state } = withLadder()
      Object.assign(state, { on: true, lag: 70_000 })
      studio.send(encode({ seconds: 12, gop }))
      studio.stop()
      studio.now += 1_000
      state.on = goesOn
      studio.connect()
      const sent = [...encode({ seconds: 9, gop })]
      const begun = studio.now
      let listedAt: number | undefined
      for (let from = 0; from < 9; from += 0.1) {
        studio.now = begun
        studio.send(sent.filter(({ at }) => at >= from && at < from + 0.1))
        const [, period] = (window.manifest()?.plain.toString() ?? '').split('<Period id="1"')
        if (period === undefined) continue
        listedAt ??= from
        if (goesOn) assert.match(period, /<Representation id="v11"/, `at ${from}`)
      }
      assert.ok(listedAt !== undefined && listedAt < (gop === 60 ? 2.5 : 8.5), `at ${listedAt}`)
    })
  }
}
