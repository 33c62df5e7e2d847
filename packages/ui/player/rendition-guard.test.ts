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
const target = { levelTargetDuration: 1 }
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
    minAutoLevel: 0,
    autoLevelCapping: -1,
    autoLevelEnabled: true,
    lowLatencyMode: true,
    bandwidthEstimate: 20_000_000,
    nextLoadLevel: 2,
    loadLevel: 2,
    mainForwardBufferInfo: { len: 1, end: 7.7 },
    latestLevelDetails: null as object | null,
    media: Object.assign(new EventTarget(), { currentTime: 6.8 }),
    on: (name: string, listener: (name: string, data: object) => void) => listeners.set(name, listener),
  }
  const guard = guardRenditions({ Events, ErrorDetails } as unknown as typeof Hls, hls as unknown as Hls)
  const tell = (name: string, data: object) => listeners.get(name)?.(name, data)
  const abortRequests = t.mock.fn()
  const frag = {
    ...{ type: 'main', level: 2, sn: 7, start: 7, duration: 1, cc: 0, tagList: [] as string[][], abortRequests },
    loader: null as { context: { part: object } } | null,
  }
  const partOf = (index: number) => ({
    ...{ index, duration: 0.5, start: 7 + index / 2, end: 7.5 + index / 2, fragment: frag },
    stats: { loaded: 375_000, loading: { first: 0, end: 0 } },
  })
  const parts = [partOf(0), partOf(1)] as const
  hls.latestLevelDetails = { ...target, fragments: [frag], partList: parts }
  hls.levels.forEach((each, i) => (each.details = i === 2 ? (hls.latestLevelDetails ?? undefined) : undefined))
  /** Its bytes begin to come. */
  const fetch = (part: (typeof parts)[number]) => {
    part.stats.loading.first = performance.now() || 1
    frag.loader = { context: { part } }
  }
  const begin = (part: (typeof parts)[number]) => {
    tell(Events.FRAG_LOADING, { frag, part })
    fetch(part)
  }
  /** @param ms that its bytes took */
  const load = async (part: (typeof parts)[number], ms: number) => {
    begin(part)
    await page.pass(ms)
    part.stats.loading.end = performance.now()
    frag.loader = null
    tell(Events.FRAG_LOADED, { frag, part })
  }
  return { page, hls, guard, frag, parts, abortRequests, fetch, begin, load, tell }
}

test('within a segment the rendition stays, at its end another may follow', async (t) => {
  const { page, hls, parts, load } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [2, 2])
  await load(parts[1], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [-1, 0])
  assert.equal(hls.nextLoadLevel, 2)
})

/** An encoder that shows a screen on which nothing moves has more pixels than its ladder and fewer bits. */
function simple(t: TestContext) {
  const rig = guarded(t)
  const bitrates = [1_200_000, 1_900_000, 600_000]
  for (const [i, bitrate] of bitrates.entries())
    Object.assign(rig.hls.levels[i] ?? {}, { bitrate, maxBitrate: bitrate })
  return rig
}

test('within a segment of a rendition that costs less than smaller ones none of those follows', async (t) => {
  const { page, hls, parts, load } = simple(t)
  await page.pass(1000)
  await load(parts[0], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [2, 2])
  await load(parts[1], 100)
  assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [-1, 0])
})

test('a link that is too slow for all renditions gets the cheapest', async (t) => {
  const { page, hls, frag, parts, load } = simple(t)
  Object.assign(frag, { level: 0 })
  hls.nextLoadLevel = 0
  await page.pass(1000)
  for (const part of parts) {
    part.stats.loaded = 50_000
    await load(part, 800)
  }
  // 400 kbit in 0.8 s.
  assert.deepEqual([hls.nextLoadLevel, hls.autoLevelCapping], [2, 2])
})

const marked = [['BANDSTAND-NEXT-INDEPENDENT', 'NO']]

/** The level below the best is played, in parts; each of the three lists segments of its own. */
function rare(t: TestContext) {
  const rig = guarded(t)
  const { page, hls, frag, parts, begin, tell } = rig
  Object.assign(frag, { level: 1 })
  hls.loadLevel = 1
  /** @param own of what is loaded. @param other of the best: nothing, or what it says of the same segment */
  const list = (own: string[][], other?: string[][]) => {
    const segment = (tagList: string[][]) => ({ sn: frag.sn, level: 1, cc: 0, end: 0, gap: false, tagList })
    // Always one without a key frame behind it, so that they are not regular.
    const before = { ...segment(marked), sn: 1 }
    const details = (tagList: string[][]) => ({
      ...{ ...target, fragments: [before, segment(tagList)] },
      partList: parts.map((part) => ({ ...part, fragment: { sn: frag.sn } })),
    })
    hls.levels.forEach((each, i) => (each.details = [undefined, details(own), other && details(other)][i]))
    hls.latestLevelDetails = hls.levels[1]?.details ?? null
  }
  /** The end of a segment comes, which is listed as it is said. */
  const next = async (own: string[][], other?: string[][], { whole = false } = {}) => {
    frag.sn++
    list(own, other)
    if (whole) tell(Events.FRAG_LOADING, { frag, part: null })
    else begin(parts[1])
    await page.pass(100)
    parts[1].stats.loading.end = performance.now()
    frag.loader = null
    tell(Events.FRAG_LOADED, { frag, part: whole ? null : parts[1] })
  }
  list(marked)
  return { ...rig, next, list }
}

for (const [how, whole, lowLatency] of [
  ['in parts', false, true],
  ['in whole segments', true, false],
  ['in whole segments where parts were wanted', true, true],
] as const) {
  test(`a better rendition follows where a segment begins with a key frame, ${how}`, async (t) => {
    const { page, hls, next } = rare(t)
    hls.lowLatencyMode = lowLatency
    await page.pass(1000)
    for (const [tags, capping] of [
      [marked, 1],
      [[], -1],
    ] as const) {
      await next(tags as string[][], undefined, { whole })
      // A lower one may follow in both cases.
      assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [capping, 0])
    }
  })

  test(`a better rendition that the viewer has chosen is held up as well, a lower one is not, ${how}`, async (t) => {
    const { page, hls, guard, next } = rare(t)
    hls.lowLatencyMode = lowLatency
    await page.pass(1000)
    hls.autoLevelEnabled = false
    const begun: number[] = []
    for (const level of [0, 2]) guard.change(level, () => begun.push(level))
    await next(marked, undefined, { whole })
    assert.deepEqual([begun, hls.loadLevel], [[0], 1])
    await next([], undefined, { whole })
    assert.equal(hls.loadLevel, 2)
    await page.pass(20_000)
    assert.deepEqual(begun, [0])
  })
}

for (const [what, own, other, capping] of [
  ['no key frame', marked, [], 1],
  ['a key frame', [], marked, -1],
] as const) {
  test(`that ${what} follows is decided once, by the rendition that is played`, async (t) => {
    const { page, hls, next, tell } = rare(t)
    await page.pass(1000)
    await next(own as string[][], other as string[][])
    for (const level of [2, 1, 2]) {
      tell(Events.LEVEL_UPDATED, { level, details: hls.levels[level]?.details })
      assert.equal(hls.autoLevelCapping, capping)
    }
  })
}

test('while a whole segment is on its way nothing is decided', async (t) => {
  const { page, hls, guard, frag, next, tell } = rare(t)
  await page.pass(1000)
  await next([], undefined, { whole: true })
  tell(Events.FRAG_LOADING, { frag: { ...frag, sn: 9 }, part: null })
  guard.change(2, () => assert.fail())
  tell(Events.LEVEL_UPDATED, { level: 1, details: hls.levels[1]?.details })
  assert.equal(hls.loadLevel, 1)
  tell(Events.DESTROYING, {})
})

test('a choice that is taken back is forgotten, and what hls.js chooses then is held up', async (t) => {
  const { page, hls, guard, next } = rare(t)
  await page.pass(1000)
  hls.autoLevelEnabled = false
  guard.change(2, () => assert.fail())
  guard.change(-1, () => {
    assert.equal(hls.autoLevelCapping, 1)
    hls.autoLevelEnabled = true
  })
  await page.pass(20_000)
  await next([])
  assert.deepEqual([hls.loadLevel, hls.autoLevelCapping], [1, -1])
})

test('a choice begins without a key frame where none comes for 12 s, also when it is said again meanwhile', async (t) => {
  const { page, guard, next } = rare(t)
  const begin = t.mock.fn()
  guard.change(2, begin)
  await page.pass(6000)
  await next(marked)
  guard.change(2, () => assert.fail())
  await page.pass(5000)
  assert.equal(begin.mock.callCount(), 0)
  await page.pass(2000)
  assert.equal(begin.mock.callCount(), 1)
})

test('where key frames are regular a choice begins at once', (t) => {
  const { guard, hls } = guarded(t)
  hls.loadLevel = 0
  const begin = t.mock.fn()
  guard.change(2, begin)
  assert.equal(begin.mock.callCount(), 1)
})

/** How a rendition turns out not to be had. */
const broken: readonly [string, (rig: ReturnType<typeof rare>) => void][] = [
  ['a gap comes', ({ tell, frag }) => tell(Events.FRAG_LOADING, { frag: { ...frag, sn: 9, gap: true }, part: null })],
  [
    'a part is a gap',
    ({ tell, frag, begin, parts }) => {
      begin(parts[0])
      tell(Events.ERROR, { details: 'gap', frag })
    },
  ],
  [
    'a part does not come',
    ({ guard, frag, begin, parts }) => {
      begin(parts[0])
      guard.failing({ details: 'error', frag } as unknown as Parameters<typeof guard.failing>[0])
    },
  ],
  [
    'its playlist does not come',
    ({ guard }) =>
      guard.failing({ details: 'error', context: { level: 1 } } as unknown as Parameters<typeof guard.failing>[0]),
  ],
]
for (const [when, change] of broken) {
  test(`hls.js may leave a rendition for a better one when ${when}`, async (t) => {
    const rig = rare(t)
    const { page, hls, next, tell } = rig
    await page.pass(1000)
    await next(marked)
    assert.equal(hls.autoLevelCapping, 1)
    change(rig)
    assert.deepEqual([hls.autoLevelCapping, hls.minAutoLevel], [-1, 0])
    tell(Events.LEVEL_UPDATED, { level: 1, details: hls.levels[1]?.details })
    assert.equal(hls.autoLevelCapping, -1)
    await next(marked)
    assert.equal(hls.autoLevelCapping, 1)
  })
}

test('what is tried again is tried in the rendition that is played', async (t) => {
  const { page, hls, guard, frag, parts, begin, next, tell } = rare(t)
  await page.pass(1000)
  await next(marked)
  begin(parts[0])
  const fails = (nextAutoLevel?: number) => {
    const data = { details: 'error', frag } as unknown as Parameters<typeof guard.failing>[0]
    guard.failing(data)
    tell(Events.ERROR, { ...data, errorAction: { resolved: true, nextAutoLevel } })
    return [hls.autoLevelCapping, hls.minAutoLevel]
  }
  // hls.js says of what it tries again, too, that it has resolved it.
  assert.deepEqual(fails(), [1, 1])
  assert.deepEqual(fails(2), [-1, 0])
})

test('a rendition that fails on a link that was too slow may be left for a better one', async (t) => {
  const { page, hls, guard, frag, parts, load, tell } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 500)
  await load(parts[1], 500)
  assert.equal(hls.autoLevelCapping, 1)
  const fails = (nextAutoLevel?: number) => {
    const data = { details: 'error', frag } as unknown as Parameters<typeof guard.failing>[0]
    guard.failing(data)
    tell(Events.ERROR, { ...data, errorAction: { resolved: true, nextAutoLevel } })
    return hls.autoLevelCapping
  }
  assert.deepEqual([fails(), fails(2)], [1, -1])
})

test('within a ladder nothing is held up: only the encoder’s own pictures lack key frames', async (t) => {
  const { page, hls, guard, frag, next } = rare(t)
  await page.pass(1000)
  frag.level = 0
  await next(marked)
  assert.equal(hls.autoLevelCapping, 1)
  hls.loadLevel = 0
  const begin = t.mock.fn()
  guard.change(1, begin)
  assert.equal(begin.mock.callCount(), 1)
})

test('what is left of a segment in another rendition is decided anew', async (t) => {
  const { page, hls, guard, frag, parts, begin, next, list, tell } = rare(t)
  await page.pass(1000)
  await next([])
  begin(parts[0])
  frag.sn++
  tell(Events.FRAG_LOADED, { frag, part: parts[0] })
  const data = { details: 'error', frag } as unknown as Parameters<typeof guard.failing>[0]
  guard.failing(data)
  tell(Events.ERROR, { ...data, errorAction: { resolved: true, nextAutoLevel: 0 } })
  list(marked)
  // The same segment, from its begin on.
  tell(Events.FRAG_LOADED, { frag: { ...frag, level: 0 }, part: parts[1] })
  assert.equal(hls.autoLevelCapping, 1)
})

test('what is buffered for longer than a segment does not have a choice wait until it has been played', (t) => {
  const { hls, guard } = rare(t)
  hls.mainForwardBufferInfo.len = 20
  const begin = t.mock.fn()
  guard.change(2, begin)
  assert.equal(begin.mock.callCount(), 1)
})

test('sound that does not come changes nothing', async (t) => {
  const { page, hls, guard, next } = rare(t)
  await page.pass(1000)
  await next(marked)
  for (const data of [{ frag: { type: 'audio' } }, { context: { level: null } }, {}])
    guard.failing({ details: 'error', ...data } as unknown as Parameters<typeof guard.failing>[0])
  assert.equal(hls.autoLevelCapping, 1)
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
  const { page, hls, parts, abortRequests, fetch, load } = guarded(t)
  await page.pass(1000)
  await load(parts[0], 400)
  parts[1].stats.loaded = 50_000
  fetch(parts[1])
  await page.pass(1400)
  assert.deepEqual([hls.nextLoadLevel, abortRequests.mock.callCount()], [0, 1])
})

/** How a part that has been on its way for 1.4 s is no reason to give its segment up. */
const patient: readonly [string, (rig: ReturnType<typeof guarded>) => void][] = [
  ['while more than it takes is buffered', ({ hls }) => (hls.mainForwardBufferInfo.len = 3)],
  ['where the viewer has chosen the rendition meanwhile', ({ hls }) => (hls.autoLevelEnabled = false)],
  ['where there is no other rendition', ({ hls }) => hls.levels.splice(0, 2)],
  ['where the load failed, or was given up for a seek', ({ frag }) => (frag.loader = null)],
  ['where what is missing is less than another rendition has in all', ({ parts }) => (parts[0].stats.loaded = 700_000)],
  ['where nothing is played any more', ({ tell }) => tell(Events.DESTROYING, {})],
]
for (const [when, change] of patient) {
  test(`a segment that comes slowly comes to its end ${when}`, async (t) => {
    const rig = guarded(t)
    const { page, parts, abortRequests, begin } = rig
    await page.pass(1000)
    parts[0].stats.loaded = 50_000
    begin(parts[0])
    change(rig)
    await page.pass(1400)
    assert.equal(abortRequests.mock.callCount(), 0)
  })
}

/** A segment that was given up at 2.4 s, with pictures up to 7.7 s there, and what is appended after it. */
async function left(t: TestContext, at: number) {
  const rig = guarded(t)
  const seeks: number[] = []
  const place = { at }
  Object.defineProperty(rig.hls.media, 'currentTime', {
    get: () => place.at,
    set(to: number) {
      seeks.push(to)
    },
  })
  await rig.page.pass(1000)
  rig.parts[0].stats.loaded = 50_000
  rig.begin(rig.parts[0])
  await rig.page.pass(1400)
  assert.equal(rig.abortRequests.mock.callCount(), 1)
  const append = (start: number, end: number, { sn = 7, level = 0, type = 'video' } = {}) =>
    rig.tell(Events.BUFFER_APPENDED, { type, frag: { sn, level }, part: { start, end } })
  // Its initialization segment.
  rig.tell(Events.FRAG_LOADING, { frag: { type: 'main', sn: 'initSegment', level: 0 } })
  rig.tell(Events.BUFFER_APPENDED, { type: 'video', frag: { sn: 'initSegment', level: 0 }, part: null })
  return { ...rig, place, seeks, append }
}

test('what came anew while it was played is decoded from its key frame, once', async (t) => {
  const { seeks, append } = await left(t, 7.2)
  append(7, 7.3)
  assert.deepEqual(seeks, [])
  append(7.3, 7.6)
  append(7.6, 8)
  assert.deepEqual(seeks, [7.2])
})

test('where sound has gone on without pictures, both go on where the pictures ended', async (t) => {
  const { place, seeks, append } = await left(t, 7.2)
  place.at = 7.9
  append(7, 7.5)
  append(7.5, 8)
  assert.deepEqual(seeks, [7.7])
})

test('nothing is decoded anew where nothing that is played has been replaced', async (t) => {
  const { seeks, append, tell } = await left(t, 6.2)
  append(6, 7.5, { type: 'audio' })
  append(6, 7.5, { level: 2 })
  append(6, 7.5, { sn: 8 })
  // Begins further ahead than a browser has taken frames.
  append(7, 7.5)
  append(6, 7.5)
  assert.deepEqual(seeks, [])
  tell(Events.DESTROYING, {})
})

test('a viewer who has moved meanwhile stays there', async (t) => {
  const { hls, seeks, append } = await left(t, 7.2)
  hls.media.dispatchEvent(new Event('seeking'))
  append(7, 8)
  assert.deepEqual(seeks, [])
})

test('a segment that was given up is forgotten with the next one', async (t) => {
  const { seeks, append, tell } = await left(t, 7.2)
  tell(Events.FRAG_LOADING, { frag: { type: 'main', level: 0, sn: 8 } })
  append(7, 8)
  assert.deepEqual(seeks, [])
})

test('what was found of a rendition that the viewer had chosen is no limit when he leaves the choice again', async (t) => {
  const { page, hls, parts, begin, load, tell, frag } = guarded(t)
  await page.pass(1000)
  hls.autoLevelEnabled = true
  begin(parts[0])
  hls.autoLevelEnabled = false
  await page.pass(600)
  tell(Events.FRAG_LOADED, { frag, part: { ...parts[0], stats: { loaded: 375_000, loading: { first: 1, end: 600 } } } })
  hls.autoLevelEnabled = true
  await load(parts[1], 100)
  assert.deepEqual([hls.nextLoadLevel, hls.autoLevelCapping], [2, -1])
})

test('a rendition that the viewer has chosen is left alone, and so is sound', async (t) => {
  const { page, hls, parts, load, tell } = guarded(t)
  hls.autoLevelEnabled = false
  await page.pass(1000)
  await load(parts[0], 2000)
  assert.deepEqual([hls.nextLoadLevel, hls.minAutoLevel], [2, 0])
  hls.autoLevelEnabled = true
  tell(Events.FRAG_LOADING, { frag: { type: 'audio', level: 0 }, part: parts[0] })
  assert.equal(hls.autoLevelCapping, -1)
})

/** Segment 7 of another rendition, as hls.js holds it. */
function segmentOf(end: number) {
  const segment = { level: 0, cc: 0, tagList: [], sn: 7, start: 7, duration: end - 7, end }
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
  tell(Events.LEVEL_UPDATED, { level: 0, details: { ...target, fragments: [whole], partList: [] } })
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
  tell(Events.LEVEL_UPDATED, { level: 0, details: { ...target, fragments: [whole], partList: [] } })
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
