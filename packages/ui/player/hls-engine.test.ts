import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type Hls from 'hls.js'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo } from '../testing/fake-player.ts'
import { createHlsEngine } from './hls-engine.ts'

type Listener = (name: string, data: object) => void

/** What the engine uses of hls.js. */
class FakeHls {
  readonly levels: readonly { readonly maxBitrate: number }[] = []
  static readonly Events = { ERROR: 'error', LEVEL_UPDATED: 'updated' }
  static readonly ErrorTypes = { MEDIA_ERROR: 'mediaError', NETWORK_ERROR: 'networkError' }
  static readonly DefaultConfig = { loader: EventTarget }
  static readonly made: FakeHls[] = []
  readonly listeners = new Map<string, Listener>()
  source = ''
  mended = 0
  destroyed = false
  latestLevelDetails: object | null = null

  constructor() {
    FakeHls.made.push(this)
  }
  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener)
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
  fail(type: string, fatal = true): void {
    this.listeners.get('error')?.('error', { type, fatal, details: type })
  }
}

function loaded(t: TestContext) {
  const page = fakePage(t)
  const video = new FakeVideo()
  const failures: string[] = []
  const edges: (number | undefined)[] = []
  const engine = createHlsEngine(
    FakeHls as unknown as typeof Hls,
    video.element,
    { id: 'player', sameOrigin: true },
    { updated: (edge) => edges.push(edge), failed: (why) => failures.push(why) },
  )
  engine.load('http://server/live/main/index.m3u8', undefined)
  const hls = FakeHls.made.at(-1)
  assert.ok(hls)
  return { page, video, engine, hls, failures, edges }
}

/** Three segments of 2 s, the middle one a gap. */
const fragments = [
  { start: 0, duration: 2, end: 2, programDateTime: 10_000, gap: false },
  { start: 2, duration: 2, end: 4, programDateTime: 12_000, gap: true },
  { start: 4, duration: 2, end: 6, programDateTime: 14_000, gap: false },
]

test('a network failure that hls.js gives up on is a failure, others are its own matter', (t) => {
  const { hls, failures } = loaded(t)
  hls.fail('networkError', false)
  assert.deepEqual(failures, [])
  hls.fail('networkError')
  assert.deepEqual(failures, ['networkError'])
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

test('dates and media time are those of the playlist, past its gaps', (t) => {
  const { engine, hls, video, edges } = loaded(t)
  const details = { fragments, edge: 6, live: true, totalduration: 6 }
  hls.latestLevelDetails = details
  hls.listeners.get('updated')?.('updated', { details })
  assert.deepEqual(edges, [16_000])
  assert.deepEqual(engine.window, { start: 10_000, end: 16_000 })
  assert.equal(engine.timeOf(15_000), 5)
  assert.equal(engine.timeOf(12_500), 4)
  video.currentTime = 1
  assert.equal(engine.ahead, 5)
  assert.deepEqual([engine.growing, engine.duration], [true, undefined])
})

test('the newest hole after the picture is told with what is listed behind it', (t) => {
  const { engine, hls } = loaded(t)
  assert.equal(engine.behindHole(1), undefined)
  hls.latestLevelDetails = { fragments, edge: 6 }
  assert.deepEqual(engine.behindHole(1), { time: 4, length: 2 })
  assert.equal(engine.behindHole(5), undefined)
})
