import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type Hls from 'hls.js'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo } from '../testing/fake-player.ts'
import { createHlsEngine } from './hls-engine.ts'

type Listener = (name: string, data: object) => void

/** What the engine uses of hls.js. */
class FakeHls {
  /** Of each that is made. */
  static levels: readonly { readonly height?: number; readonly bitrate: number; readonly maxBitrate: number }[] = []
  readonly levels = FakeHls.levels
  readonly config: { liveSyncDuration?: number }
  nextLevel = -1
  loadLevel = -1
  currentLevel = 0
  autoLevelEnabled = true
  /** As in hls.js: each stall moves it further back, and whoever sets the distance starts afresh. */
  stalls = 0
  bandwidthEstimate = 5e6
  static readonly Events = {
    ...{ ERROR: 'error', LEVEL_UPDATED: 'updated', MANIFEST_PARSED: 'parsed', FRAG_BUFFERED: 'buffered' },
  }
  static readonly ErrorTypes = { MEDIA_ERROR: 'mediaError', NETWORK_ERROR: 'networkError' }
  static readonly ErrorDetails = { FRAG_GAP: 'fragGap' }
  static readonly DefaultConfig = {
    ...{ loader: EventTarget, errorController: EventTarget },
    ...{ streamController: EventTarget, audioStreamController: EventTarget },
  }
  static readonly made: FakeHls[] = []
  readonly #listeners = new Map<string, Listener[]>()
  source = ''
  mended = 0
  destroyed = false
  latestLevelDetails: object | null = null
  playingDate: Date | null = null
  audioTrack = -1
  audioTracks: { details?: object }[] = []

  constructor(config: object) {
    this.config = config
    FakeHls.made.push(this)
  }
  get targetLatency(): number | null {
    return (this.config.liveSyncDuration ?? Number.NaN) + this.stalls * 0.35
  }
  set targetLatency(seconds: number) {
    this.config.liveSyncDuration = seconds
    this.stalls = 0
  }
  on(name: string, listener: Listener): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }
  tell(name: string, data: object): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(name, data)
  }
  loadSource(url: string): void {
    this.source = url
  }
  attachMedia(): void {}
  recoverMediaError(): void {
    this.mended += 1
  }
  destroy(): void {
    this.destroyed = true
  }
  fail(type: string, fatal = true, status?: number): void {
    const response = status === undefined ? undefined : { code: status }
    this.tell('error', { type, fatal, details: type, response })
  }
}

function loaded(t: TestContext) {
  const page = fakePage(t)
  const video = new FakeVideo()
  const failures: string[] = []
  const unreachable: (boolean | undefined)[] = []
  const edges: (number | undefined)[] = []
  const engine = createHlsEngine(
    FakeHls as unknown as typeof Hls,
    video.element,
    { id: 'player', sameOrigin: true, isLive: async () => true },
    { quality: undefined },
    {
      updated: (edge) => edges.push(edge),
      failed(why, isUnreachable) {
        failures.push(why)
        unreachable.push(isUnreachable)
      },
    },
  )
  engine.load('http://server/live/main/index.m3u8', undefined)
  const hls = FakeHls.made.at(-1)
  assert.ok(hls)
  return { page, video, engine, hls, failures, unreachable, edges }
}

/** Three segments of 2 s, the middle one a gap. */
const fragments = [
  { start: 0, duration: 2, end: 2, programDateTime: 10_000, gap: false, tagList: [] },
  { start: 2, duration: 2, end: 4, programDateTime: 12_000, gap: true, tagList: [] },
  { start: 4, duration: 2, end: 6, programDateTime: 14_000, gap: false, tagList: [] },
]

test('a network failure that hls.js gives up on is a failure, others are its own matter', (t) => {
  const { hls, failures } = loaded(t)
  hls.fail('networkError', false)
  assert.deepEqual(failures, [])
  hls.fail('networkError')
  assert.deepEqual(failures, ['networkError'])
})

test('a server that does not answer at all is told from one that refuses or is slow', (t) => {
  const { hls, unreachable } = loaded(t)
  hls.fail('networkError', true, 0)
  hls.fail('networkError', true, 503)
  hls.fail('networkError')
  assert.deepEqual(unreachable, [true, false, false])
})

test('decoding errors are mended twice, then a failure; a while later they count afresh', async (t) => {
  const { page, hls, failures } = loaded(t)
  for (let i = 0; i < 3; i++) hls.fail('mediaError')
  assert.deepEqual([hls.mended, failures], [2, ['mediaError']])
  await page.pass(31_000)
  hls.fail('mediaError')
  assert.deepEqual([hls.mended, failures.length], [3, 1])
})

test('another load replaces the one before, which is heard no more', (t) => {
  const { engine, hls, failures } = loaded(t)
  engine.load('http://server/vod/as_1/index.m3u8', 5000)
  assert.equal(hls.destroyed, true)
  hls.fail('networkError')
  assert.deepEqual(failures, [])
  assert.equal(FakeHls.made.at(-1)?.source, 'http://server/vod/as_1/index.m3u8')
})

test('what is listed before the first key frame cannot be shown, and is not in the window', (t) => {
  const { hls, engine } = loaded(t)
  const tagList = [['BANDSTAND-INDEPENDENT', 'NO']]
  const [first, ...others] = fragments
  hls.latestLevelDetails = { edge: 6, fragments: [{ ...first, tagList }, ...others] }
  assert.deepEqual(engine.window, { start: 14_000, end: 16_000 })
  // Where none is known to begin with one it is all of it.
  hls.latestLevelDetails = { edge: 2, fragments: [{ ...first, tagList }] }
  assert.deepEqual(engine.window, { start: 10_000, end: 12_000 })
})

test('a live window begins with a key frame that does not leave the playlist at once, where others need it', (t) => {
  const { hls, engine } = loaded(t)
  const [one] = fragments
  const listed = (keys: string) =>
    keys.split('').map((key, i) => ({
      ...{ ...one, start: 2 * i, programDateTime: 10_000 + 2000 * i },
      tagList: key === 'k' ? [] : [['BANDSTAND-INDEPENDENT', 'NO']],
    }))
  const startOf = (keys: string, live = true) => {
    hls.latestLevelDetails = { edge: 2 * keys.length, live, fragments: listed(keys) }
    return engine.window?.start
  }
  assert.equal(startOf('k...k...'), 18_000)
  assert.equal(startOf('.k...k..'), 20_000)
  assert.equal(startOf('..k...k.'), 14_000)
  assert.equal(startOf('k...k...', false), 10_000)
  assert.equal(startOf('kkkk'), 10_000)
  // There is nothing better.
  assert.equal(startOf('.k......'), 12_000)
})

test('a window begins no earlier than the zero of media time, however much a rendition lists before it', (t) => {
  const { hls, engine } = loaded(t)
  const [one] = fragments
  const listed = (keys: string, first: number) => {
    const all = keys.split('').map((key, i) => ({
      ...{ ...one, start: first + 2 * i, programDateTime: 10_000 + 2000 * i },
      tagList: key === 'k' ? [] : [['BANDSTAND-INDEPENDENT', 'NO']],
    }))
    hls.latestLevelDetails = { edge: first + 2 * keys.length, live: true, fragments: all }
    return engine.window?.start
  }
  assert.equal(listed('kkkkkkkk', -8), 18_000)
  // What begins before zero cannot be decoded from there on.
  assert.equal(listed('kkkkkkkk', -7), 18_000)
  assert.equal(listed('k...k...k..', -9), 26_000)
  assert.equal(listed('k.......', -9), 20_000)
  // By what durations are rounded.
  assert.equal(listed('kkkkkkkk', -8.000_001), 18_000)
})

test('at the zero of media time the date is the one there, not of where the picture was before', (t) => {
  const { hls, engine, video } = loaded(t)
  hls.playingDate = new Date(15_000)
  hls.latestLevelDetails = { edge: 6, live: true, fragments }
  video.currentTime = 5
  assert.equal(engine.date, 15_000)
  Object.assign(video, { currentTime: 0, readyState: 0 })
  // Nothing is loaded yet, or again after a fault: it will go on where it was.
  assert.equal(engine.date, 15_000)
  video.seeking = true
  assert.equal(engine.date, 10_000)
  Object.assign(video, { seeking: false, readyState: 2 })
  assert.equal(engine.date, 10_000)
})

test('dates and media time are those of the playlist, past its gaps', (t) => {
  const { engine, hls, video, edges } = loaded(t)
  const details = { fragments, edge: 6, live: true, totalduration: 6 }
  hls.latestLevelDetails = details
  hls.tell('updated', { details })
  assert.deepEqual(edges, [16_000])
  assert.deepEqual(engine.window, { start: 10_000, end: 16_000 })
  assert.equal(engine.timeOf(15_000), 5)
  assert.equal(engine.timeOf(12_500), 4)
  video.currentTime = 1
  assert.equal(engine.ahead, 3)
  assert.deepEqual([engine.growing, engine.duration], [true, undefined])
})

test('a date past the end of a playlist, or in a hole there, is a moment before the end of what can be played', (t) => {
  const { engine, hls } = loaded(t)
  assert.equal(engine.timeOf(20_000), undefined)
  hls.latestLevelDetails = { fragments, edge: 6, live: true }
  assert.equal(engine.timeOf(20_000), 5.5)
  // Its parts are listed too.
  hls.latestLevelDetails = { fragments, edge: 8, live: true }
  assert.deepEqual([engine.timeOf(17_000), engine.timeOf(20_000)], [7, 7.5])
  hls.latestLevelDetails = { fragments: fragments.slice(0, 2), edge: 4, live: true }
  assert.deepEqual([engine.timeOf(13_000), engine.timeOf(20_000)], [1.5, 1.5])
})

test('what is listed after the picture is counted without holes, whole or in parts', (t) => {
  const { engine, hls, video } = loaded(t)
  const [first, hole] = fragments
  const details = { fragments: [first, hole], fragmentEnd: 4, edge: 4, partList: null }
  hls.latestLevelDetails = details
  assert.equal(engine.ahead, 2)
  video.currentTime = 1.9
  assert.ok(Math.abs((engine.ahead ?? 9) - 0.1) < 1e-9)
  video.currentTime = 3
  assert.equal(engine.ahead, 0)
  // Parts of listed segments are listed too.
  const partList = [
    { start: 3.5, end: 4, gap: true },
    { start: 4, end: 4.5, gap: true },
    { start: 4.5, end: 5, gap: false },
  ]
  hls.latestLevelDetails = { ...details, edge: 5, partList }
  assert.equal(engine.ahead, 0.5)
})

test('the newest hole after the picture is told with what is listed behind it', (t) => {
  const { engine, hls } = loaded(t)
  assert.equal(engine.behindHole(1), undefined)
  hls.latestLevelDetails = { fragments, edge: 6 }
  assert.deepEqual(engine.behindHole(1), { time: 4, length: 2 })
  assert.equal(engine.behindHole(5), undefined)
})

test('behind a hole of sound that ends later there are pictures too, unless there is no more sound', (t) => {
  const { engine, hls } = loaded(t)
  hls.latestLevelDetails = { fragments, edge: 6 }
  hls.audioTrack = 0
  hls.audioTracks = [{ details: { fragments: [{ gap: true, end: 4.25 }, { end: 5.5 }], edge: 5.5 } }]
  assert.deepEqual(engine.behindHole(1), { time: 4.25, length: 1.75 })
  hls.audioTracks = [{ details: { fragments: [{ gap: true, end: 5.5 }], edge: 5.5 } }]
  assert.deepEqual(engine.behindHole(1), { time: 4, length: 2 })
  hls.audioTracks = [{ details: { fragments: [{ end: 5.5 }], edge: 5.5 } }]
  assert.deepEqual(engine.behindHole(1), { time: 4, length: 2 })
})

const level = (bitrate: number, height?: number) => ({
  ...{ bitrate, maxBitrate: bitrate, audioCodec: 'mp4a.40.2' },
  ...(height && { height }),
})

function ladder(t: TestContext, ...levels: readonly ReturnType<typeof level>[]) {
  FakeHls.levels = levels
  t.after(() => {
    FakeHls.levels = []
  })
  return loaded(t)
}

test('the rendition that was pressed plays, also where another has as many lines', (t) => {
  const { engine, hls } = ladder(t, level(6e6, 1080), level(2.5e6, 1080))
  engine.qualities?.choose(1)
  assert.equal(hls.nextLevel, 1)
  engine.qualities?.choose('auto')
  assert.equal(hls.nextLevel, -1)
})

test('the rendition that was pressed plays, also where no lines are known', (t) => {
  const { engine, hls } = ladder(t, level(6e6), level(8e5))
  engine.qualities?.choose(1)
  assert.equal(hls.nextLevel, 1)
})

test('what was chosen is chosen again in the next source', (t) => {
  const { engine } = ladder(t, level(6e6, 1080), level(2.5e6, 1080), level(1e6, 480))
  engine.qualities?.choose(1)
  FakeHls.levels = [level(1e6, 480), level(2.4e6, 1080), level(7e6, 1080)]
  engine.load('http://server/vod/as_1/index.m3u8', undefined)
  const next = FakeHls.made.at(-1)
  next?.tell('parsed', { levels: FakeHls.levels })
  assert.equal(next?.loadLevel, 1)
})

test('MP3, which browsers have outside of MP4 alone, is a failure that names it', async (t) => {
  const { hls, failures } = loaded(t)
  const attrs = { CODECS: 'avc1.64001f,mp4a.40.34' }
  hls.tell('parsed', { levels: [{ ...level(1e6, 480), audioCodec: undefined, attrs }] })
  assert.deepEqual(failures, [attrs.CODECS])
  await Promise.resolve()
  assert.equal(hls.destroyed, true)
})

test('what is pressed in a menu that was drawn before another source was loaded plays in that one', (t) => {
  const { engine, hls } = ladder(t, level(6e6, 1080), level(1e6, 480))
  const { qualities } = engine
  FakeHls.levels = [level(1e6, 480), level(6e6, 1080)]
  engine.load('http://server/vod/as_1/index.m3u8', undefined)
  qualities?.choose(1)
  assert.deepEqual([hls.nextLevel, FakeHls.made.at(-1)?.nextLevel, engine.qualities?.chosen], [-1, 0, 0])
})

test('a rendition that was chosen and left by hls.js for a gap is still the choice, and plays again later', async (t) => {
  const { engine, hls, page } = ladder(t, level(4e6, 1080), level(1e6, 480))
  const update = () => hls.tell('updated', { details: { fragments: [], edge: 0 } })
  engine.qualities?.choose(1)
  hls.autoLevelEnabled = false
  update()
  hls.autoLevelEnabled = true
  update()
  assert.deepEqual([engine.qualities?.chosen, engine.qualities?.playing, hls.loadLevel], [1, 0, -1])
  await page.pass(5000)
  update()
  assert.equal(hls.loadLevel, 1)
})

test('nothing is chosen for a viewer who has not', async (t) => {
  const { engine, hls, page } = ladder(t, level(4e6, 1080), level(1e6, 480))
  const update = () => hls.tell('updated', { details: { fragments: [], edge: 0 } })
  engine.qualities?.choose(1)
  engine.qualities?.choose('auto')
  update()
  await page.pass(60_000)
  update()
  assert.deepEqual([engine.qualities?.chosen, hls.loadLevel], ['auto', -1])
})

test('a ladder is kept further from the edge on a link that is not ample, never nearer than the playlist asks for', (t) => {
  const { hls } = ladder(t, level(4e6, 1080), level(1e6, 480))
  const distance = (partHoldBack: number, bandwidth: number) => {
    hls.latestLevelDetails = { fragments: [], partHoldBack }
    hls.bandwidthEstimate = bandwidth
    hls.tell('updated', { details: hls.latestLevelDetails })
    return hls.targetLatency
  }
  assert.equal(distance(1, 5e6), 2.2)
  assert.equal(distance(6, 5e6), 6)
  assert.equal(distance(1, 20e6), 1)
  assert.equal(distance(6, 20e6), 6)
})

test('on a ladder too the distance grows with each stall, whatever is listed after it', (t) => {
  const { engine, hls } = ladder(t, level(4e6, 1080), level(1e6, 480))
  hls.latestLevelDetails = { fragments: [], partHoldBack: 1, holdBack: 6 }
  const update = () => hls.tell('updated', { details: hls.latestLevelDetails })
  update()
  hls.stalls = 2
  update()
  assert.equal(hls.targetLatency?.toFixed(2), '2.90')
  engine.lowLatency = false
  hls.stalls = 1
  update()
  assert.equal(hls.targetLatency?.toFixed(2), '6.35')
})
