import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type Hls from 'hls.js'
import { fakePage } from '../testing/fake-page.ts'
import { guardRenditions } from './rendition-guard.ts'

const Events = {
  FRAG_LOADING: 'loading',
  FRAG_LOADED: 'loaded',
  BUFFER_APPENDED: 'appended',
  LEVEL_SWITCHING: 'switching',
  LEVEL_UPDATED: 'updated',
  ERROR: 'error',
  DESTROYING: 'destroying',
}
const ErrorDetails = { FRAG_GAP: 'gap' }

/** What the guard uses of hls.js: three renditions, a segment of two parts of 0.5 s, a second buffered. */
function guarded(t: TestContext) {
  const page = fakePage(t)
  const listeners = new Map<string, (name: string, data: object) => void>()
  const level = (bitrate: number) => ({
    ...{ bitrate, maxBitrate: bitrate, loadError: 0, loadErrorTime: 0 },
    details: undefined as object | undefined,
  })
  const hls = {
    levels: [level(500_000), level(2_000_000), level(6_000_000)],
    config: { minAutoBitrate: 0 },
    autoLevelCapping: -1,
    autoLevelEnabled: true,
    lowLatencyMode: true,
    bandwidthEstimate: 20_000_000,
    nextLoadLevel: 2,
    mainForwardBufferInfo: { len: 1, end: 7.7 },
    latestLevelDetails: null as object | null,
    media: { currentTime: 6.8 },
    on: (name: string, listener: (name: string, data: object) => void) => listeners.set(name, listener),
  }
  guardRenditions({ Events, ErrorDetails } as unknown as typeof Hls, hls as unknown as Hls)
  const tell = (name: string, data: object) => listeners.get(name)?.(name, data)
  const abortRequests = t.mock.fn()
  const frag = { type: 'main', level: 2, sn: 7, start: 7, abortRequests }
  const partOf = (index: number) => ({
    ...{ index, duration: 0.5, start: 7 + index / 2, end: 7.5 + index / 2, fragment: frag },
    stats: { loaded: 375_000, loading: { first: 0, end: 0 }, aborted: false },
  })
  const parts = [partOf(0), partOf(1)] as const
  hls.latestLevelDetails = { fragments: [frag], partList: parts, levelTargetDuration: 1 }
  hls.levels.forEach((each, i) => (each.details = i === 2 ? (hls.latestLevelDetails ?? undefined) : undefined))
  const begin = (part: (typeof parts)[number]) => {
    part.stats.loading.first = performance.now() || 1
    tell(Events.FRAG_LOADING, { frag, part })
  }
  /** @param ms that its bytes took */
  const load = async (part: (typeof parts)[number], ms: number) => {
    begin(part)
    await page.pass(ms)
    part.stats.loading.end = performance.now()
    tell(Events.FRAG_LOADED, { frag, part })
  }
  return { page, hls, parts, abortRequests, begin, load, tell }
}

test('within a segment the rendition stays, at its end another may follow', async (t) => {
  const { page, hls, parts, load } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.config.minAutoBitrate], [2, 6_000_000])
  await load(parts[1], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.config.minAutoBitrate], [-1, 0])
  assert.equal(hls.nextLoadLevel, 2)
})

test('a link that was too slow gets what it carries with the next segment, and nothing better for a while', async (t) => {
  const { page, hls, parts, load } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 500)
  assert.equal(hls.nextLoadLevel, 2)
  await load(parts[1], 500)
  // 375 kB in half a second are 6 Mbit/s, of which 60 % may be used.
  assert.deepEqual([hls.nextLoadLevel, hls.autoLevelCapping], [1, 1])
  assert.ok(Math.abs(hls.bandwidthEstimate - 3_600_000) < 400_000, `${hls.bandwidthEstimate}`)
  await page.pass(8000)
  await load(parts[1], 100)
  assert.equal(hls.autoLevelCapping, -1)
})

test('a part that is hopelessly late ends the rendition at once', async (t) => {
  const { page, hls, parts, abortRequests, begin } = guarded(t)
  await page.pass(1000)
  parts[0].stats.loaded = 50_000
  begin(parts[0])
  await page.pass(1200)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [2, 0])
  await page.pass(200)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [0, 1])
})

test('a part that is fetched behind another one, without being announced, is looked at too', async (t) => {
  const { page, hls, parts, abortRequests, load } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 400)
  parts[1].stats.loaded = 50_000
  parts[1].stats.loading.first = performance.now()
  await page.pass(1400)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [0, 1])
})

test('a part that was given up for a seek is not on its way', async (t) => {
  const { page, hls, parts, abortRequests, begin } = guarded(t)
  await page.pass(1000)
  parts[1].stats.loaded = 50_000
  begin(parts[1])
  parts[1].stats.aborted = true
  begin(parts[0])
  parts[0].stats.loading.end = performance.now()
  await page.pass(3000)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [2, 0])
})

test('a segment of which less is missing than another rendition has in all comes to its end', async (t) => {
  const { page, hls, parts, abortRequests, begin } = guarded(t)
  await page.pass(1000)
  parts[1].stats.loaded = 330_000
  begin(parts[1])
  await page.pass(3000)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [2, 0])
})

test('a segment that came anew while it was played is decoded from its start', async (t) => {
  const { page, hls, parts, begin, tell } = guarded(t)
  const seeks: number[] = []
  let at = 0
  hls.media = {
    get currentTime() {
      return at
    },
    set currentTime(to) {
      seeks.push(to)
    },
  }
  const append = (sn: number, end: number) =>
    tell(Events.BUFFER_APPENDED, { type: 'video', frag: { sn, level: 0, start: sn }, part: { end } })
  async function giveUp(): Promise<void> {
    await page.pass(1000)
    parts[0].stats.loaded = 50_000
    begin(parts[0])
    await page.pass(1400)
    // Its initialization segment, and a part that ends before the picture.
    tell(Events.BUFFER_APPENDED, { type: 'video', frag: { sn: 'initSegment', level: 0 }, part: null })
    append(7, 7.3)
    assert.deepEqual(seeks, [])
  }
  at = 7.2
  await giveUp()
  append(7, 7.5)
  append(7, 8)
  assert.deepEqual(seeks.splice(0), [7.2])
  // Sound has gone on, and pictures have not.
  at = 7.9
  await giveUp()
  append(7, 8)
  assert.deepEqual(seeks.splice(0), [7.7])
  // What comes next is nothing that was played.
  await giveUp()
  append(8, 8.5)
  append(7, 8)
  assert.deepEqual(seeks, [])
})

test('a rendition that the viewer has chosen is left alone, and so is sound', async (t) => {
  const { page, hls, parts, load, tell } = guarded(t)
  hls.autoLevelEnabled = false
  await page.pass(1000)
  await load(parts[0], 2000)
  assert.deepEqual([hls.nextLoadLevel, hls.config.minAutoBitrate], [2, 0])
  hls.autoLevelEnabled = true
  tell(Events.FRAG_LOADING, { frag: { type: 'audio', level: 0 }, part: parts[0] })
  assert.equal(hls.autoLevelCapping, -1)
})

/** Segment 7 of another rendition, as hls.js holds it. */
function segmentOf(end: number) {
  const segment = { level: 0, sn: 7, start: 7, duration: end - 7, end }
  return Object.assign(segment, {
    setDuration(duration: number) {
      segment.duration = duration
      segment.end = segment.start + duration
    },
  })
}

test('behind a segment that is loaded the next one is chosen in another rendition, and nothing stays changed', async (t) => {
  const { page, parts, begin, load, tell } = guarded(t)
  await page.pass(1000)
  await load(parts[1], 100)
  const whole = segmentOf(8)
  tell(Events.LEVEL_UPDATED, { level: 0, details: { fragments: [whole], partList: [] } })
  // What is buffered ends at 7.999999.
  assert.ok(whole.end > 7.99 && whole.end < 7.999, `${whole.end}`)
  begin(parts[0])
  assert.equal(whole.duration, 1)
})

test('a hole in the broadcast is not looked for in other renditions', (t) => {
  const { hls, tell } = guarded(t)
  hls.levels.forEach((level, i) => (level.loadError = i === 0 ? 2 : 0))
  tell(Events.FRAG_LOADING, { frag: { type: 'main', level: 1, sn: 8, gap: true } })
  assert.deepEqual(
    hls.levels.map(({ loadError }) => loadError),
    [2, 0, 1],
  )
  tell(Events.ERROR, { details: 'another' })
  assert.equal(hls.levels[2]?.loadError, 1)
  tell(Events.ERROR, { details: 'gap' })
  assert.deepEqual(
    hls.levels.map(({ loadError }) => loadError),
    [2, 0, 0],
  )
})

test('a segment of which something is missing is not left out', async (t) => {
  const { page, parts, load, tell } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 100)
  const whole = segmentOf(8)
  tell(Events.LEVEL_UPDATED, { level: 0, details: { fragments: [whole], partList: [] } })
  assert.equal(whole.end, 8)
})

test('a rendition in parts that is played again begins without what was loaded of it before', (t) => {
  const { hls, parts, tell } = guarded(t)
  // A long recording's playlist is not fetched anew as a whole.
  const whole = { partList: null }
  hls.levels.forEach((level, i) => (level.details = i === 1 ? whole : { partList: parts }))
  for (const level of [0, 1]) tell(Events.LEVEL_SWITCHING, { level })
  assert.deepEqual(
    hls.levels.map(({ details }) => details),
    [undefined, whole, { partList: parts }],
  )
})
