import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, type TestContext, test } from 'node:test'
import { createTestBroadcast } from '@bandstand/engine/replay/fixtures/broadcast.ts'
import { createDiskStore } from '@bandstand/engine/store/disk.ts'
import { quietLog, retention } from '@bandstand/engine/store/fixtures/material.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import type { Browser, Page, Route } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { type Look, look, until } from '../support/our-player.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'
import { makeClip } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { createMockStream } from './mock/stream.ts'
import { record } from './recorded.ts'

/** Key frames some 8 s apart, as OBS has them where it is left the choice: most segments begin with none. */

let browser: Browser
let mock: MockServer
let page: Page
/** Share of the test in which something waited for a processor. */
let starved: () => number

before(async () => {
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  starved = watchStarving()
  mock = await startMockServer()
  page = await browser.newPage({ viewport: { width: 800, height: 600 } })
})
afterEach(async () => {
  await page.context().close()
  await mock.close()
})

/**
 * At live. With the third stall within a minute the player goes to whole segments, which are played further behind; on a machine
 * without a processor for it that says nothing.
 */
function isLive({ phase, playing, frames, behind }: Look): boolean {
  return phase === 'live' && frames > 2 && (behind < 5 || (playing === 'hls' && starved() > starving))
}

interface Seen {
  readonly seeks: number
  /** Where the newest seek has ended, media time in seconds; -1 while it has not. */
  readonly place: number
  /** Media times of the pictures that were shown since the newest seek has ended, seconds. */
  readonly shown: readonly number[]
}

/** Has the page write down what its video shows. */
async function watch(): Promise<void> {
  await page.evaluate(`(() => {
    const { video } = document.querySelector('bandstand-player')
    globalThis.seen = { seeks: 0, place: -1, shown: [] }
    video.addEventListener('seeking', () => {
      // The player has a browser decode anew where it plays.
      if (seen.place >= 0 && Math.abs(video.currentTime - seen.shown.at(-1)) < 1) return
      seen.seeks += 1
      seen.place = -1
      seen.shown = []
    })
    video.addEventListener('seeked', () => {
      if (!video.seeking && seen.place < 0) seen.place = video.currentTime
    })
    const note = (_, { mediaTime }) => {
      if (!video.seeking) seen.shown.push(mediaTime)
      video.requestVideoFrameCallback(note)
    }
    video.requestVideoFrameCallback(note)
  })()`)
}

/** By so much a page may be late; seconds. */
const late = 3

/** A picture comes after `go`, at the place asked for, and goes on. @param to media time, seconds */
async function assertLands(what: string, to: number, go: () => Promise<unknown>): Promise<void> {
  const see = () => page.evaluate<Seen>('seen')
  const { seeks } = await see()
  const watched = watchStarving()
  await go()
  let seen: Seen | undefined
  const goesOn = async () => {
    seen = await see()
    const { place, shown } = seen
    // The seek before may have ended after `seeks` was read.
    // And a busy page hears late that one has ended: the video has gone on by then.
    const isThere = seen.seeks > seeks && place > to - 1 && (place < to + late || watched() > starving)
    return isThere && (shown.at(-1) ?? 0) > (shown[0] ?? 0) + 0.3
  }
  await waitFor(`a picture at ${what}`, goesOn, 60_000, 20).catch(async (cause: unknown) => {
    throw new Error(JSON.stringify([to, seen, await look(page)]), { cause })
  })
  const first = seen?.shown[0] ?? Number.NaN
  // A busy page learns late of pictures; never of one before the place.
  const isSoon = first < to + late || watched() > starving
  assert.ok(first > to - 1 && isSoon, `${what}: asked for ${to}, shown ${first}`)
}

interface Step {
  /** Seeks and loads since the key was pressed. */
  readonly moves: number
  /** Of what was shown when it was pressed, ms since 1970. */
  readonly from: number
  /** Where the newest of them has ended; 0 while it has not. */
  readonly place: number
  /** Of the pictures since the newest of them. */
  readonly shown: readonly number[]
}

/** Has the page write down the dates of what it shows from each key on. */
async function watchDates(): Promise<void> {
  await page.evaluate(`(() => {
    const player = document.querySelector('bandstand-player')
    const { video } = player
    const date = () => Date.now() - player.behind * 1000
    globalThis.step = { moves: 0, from: 0, place: 0, shown: [] }
    addEventListener('keydown', () => Object.assign(step, { moves: 0, from: date(), place: 0, shown: [] }), true)
    for (const type of ['seeking', 'emptied']) video.addEventListener(type, () => {
      step.moves += 1
      step.place = 0
      step.shown = []
    })
    video.addEventListener('seeked', () => {
      if (!video.seeking && step.place === 0) step.place = date()
    })
    const note = () => {
      if (!video.seeking) step.shown.push(date())
      video.requestVideoFrameCallback(note)
    }
    video.requestVideoFrameCallback(note)
  })()`)
}

/** Pictures come after a key, at so much from where it was pressed, and go on. @param seconds negative to go back */
async function assertSteps(key: string, seconds: number): Promise<void> {
  let step: Step | undefined
  const goesOn = async () => {
    const { moves, place, shown } = (step = await page.evaluate<Step>('step'))
    return moves > 0 && place > 0 && (shown.at(-1) ?? 0) > (shown[0] ?? 0) + 500
  }
  await page.keyboard.press(key)
  await waitFor(`pictures after ${key}`, goesOn, 60_000, 20).catch(async (cause: unknown) => {
    throw new Error(JSON.stringify([key, step, await look(page)]), { cause })
  })
  const { from = 0, place = Number.NaN, shown: [first = Number.NaN] = [] } = step ?? {}
  const off = (place - from) / 1000 - seconds
  assert.ok(
    off > -1.5 && (off < late || starved() > starving),
    `${key}: ${off} s from the place asked for; ${JSON.stringify(step)}`,
  )
  // A busy machine may draw the first picture late, and never one before the place.
  const isSoon = first < place + late * 1000 || starved() > starving
  assert.ok(first > place - 1000 && isSoon, `${key}: shown from ${(first - place) / 1000} s after its place`)
}

const seekBar = (to: number) => () =>
  page.locator('bandstand-rewind-bar input').evaluate((input: HTMLInputElement, at) => {
    input.value = String(at)
    input.dispatchEvent(new Event('input', { bubbles: true }))
    input.dispatchEvent(new Event('change', { bubbles: true }))
  }, to)

/** Seconds. Longer than a player buffers at once. */
const length = 150

/** A replay of what ffmpeg made. */
async function recordSparse(t: TestContext, id: string): Promise<void> {
  const [pictures, sound] = ['testsrc2=size=160x90:rate=30', 'sine=sample_rate=48000']
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-pix_fmt', 'yuv420p']
  const folder = await encodeOnce([
    ...['-f', 'lavfi', '-i', pictures, '-f', 'lavfi', '-i', sound, '-t', String(length)],
    ...[...x264, '-r', '30', '-g', '250', '-sc_threshold', '0', '-c:a', 'aac', '-ac', '2', '-f', 'flv', 'clip.flv'],
  ])
  const clip = readClip(await readFile(join(folder, 'clip.flv')))
  const replay = await record(t, mock, id, length, async (root) => {
    const store = createDiskStore({ root, log: quietLog, retention })
    const { send, writer } = createTestBroadcast(store, id)
    send(clip, 1)
    await writer().end()
    await store.close()
  })
  const playlist = await (await fetch(`${replay}/v1/index.m3u8`)).text()
  assert.match(playlist, /#BANDSTAND-INDEPENDENT:NO\n/)
}

test('in a replay every seek leads to the place asked for, and the key End to the end', async (t) => {
  await recordSparse(t, 'as_old')
  await page.goto(`${mock.url}/watch/as_old`)
  await until(page, 'plays', ({ phase, frames }) => phase === 'replay' && frames > 2)
  await watch()
  // Some of them just before what is buffered by then, which hls.js would go on with.
  for (const to of [140, 110, 104, 21, 91, 84, 45, 148, 15, 7, 84, 126, 7, 84])
    await assertLands(`${to} s`, to, seekBar(to))
  // The first is not where it may have played on to: who is there already does not seek.
  for (const tenth of [3, 6, 9])
    await assertLands(`tenth ${tenth}`, tenth * 15, () => page.keyboard.press(String(tenth)))
  for (const key of ['2', '7', 'Home']) {
    await page.keyboard.press('End')
    await until(page, 'ends', ({ phase }) => phase === 'ended')
    await assertLands(key, key === 'Home' ? 0 : Number(key) * 15, () => page.keyboard.press(key))
  }
})

test('in a running broadcast too, also where the live playlist no longer lists it', async () => {
  // Segments of 2 s, of which every fourth begins with a key frame; eight are listed. It does not end before the test does.
  mock.goLive('main', createMockStream(await makeClip(360, 240), 'as_now', Date.now() - 60_000))
  await page.goto(`${mock.url}/@main`)
  await until(page, 'plays', isLive)
  await watchDates()
  for (const [key, seconds] of [
    ['ArrowLeft', -5],
    ['ArrowLeft', -5],
    ['ArrowRight', 5],
    ['j', -10],
    ['j', -10],
    ['ArrowLeft', -5],
    ['l', 10],
  ] as const)
    await assertSteps(key, seconds)
  await page.keyboard.press('End')
  await until(page, 'live again', isLive)
})

test('steps back go on into the recording where the rendition lists more than the one that was loaded first', async () => {
  // One picture as two renditions: a smaller one that lists 16 s, with which a slow link begins, and one that lists a minute.
  const clip = await makeClip(360, 240)
  const rung = { track: clip.video, keyParts: clip.keyParts }
  const rungs = [
    { ...rung, height: 90, bitrate: 80_000 },
    { ...rung, height: 180, bitrate: 1_000_000 },
  ]
  mock.goLive('main', createMockStream({ ...clip, rungs }, 'as_now', Date.now() - 120_000, Date.now, { v1: 30, a: 30 }))
  await page.addInitScript(`
    const connection = Object.assign(new EventTarget(), { downlink: 0.3 })
    Object.defineProperty(navigator, 'connection', { value: connection })
  `)
  const loaded: string[] = []
  const recorded: string[] = []
  page.on('request', (request) => {
    const [, name] = /\/live\/main\/(v\d)\/[ps]\d+\.m4s/.exec(request.url()) ?? []
    if (name !== undefined) loaded.push(name)
    if (/\/vod\/.*\/s\d+\.m4s/.test(request.url())) recorded.push(request.url())
  })
  await page.goto(`${mock.url}/@main`)
  await until(page, 'plays', isLive)
  assert.equal(loaded[0], 'v0')
  await page.getByRole('button', { name: 'Quality and delay' }).click()
  const qualities = page.getByRole('group', { name: 'Quality' })
  await qualities.getByRole('menuitemradio', { name: '180p', exact: true }).click()
  await page.keyboard.press('Escape')
  await waitFor('the other rendition', () => loaded.at(-1) === 'v1', 30_000)
  await until(page, 'plays', isLive)
  await watchDates()
  await page.evaluate(`(() => {
    const { video } = document.querySelector('bandstand-player')
    globalThis.clamped = 0
    video.addEventListener('seeking', () => (clamped += Number(video.currentTime === 0)))
  })()`)
  // While the keys come it is played on.
  for (let i = 0; i < 20 && recorded.length === 0; i++) await assertSteps('ArrowLeft', -5)
  assert.ok(recorded.length > 0)
  // Where a browser ends up that is sent to before the zero of media time.
  assert.equal(await page.evaluate('clamped'), 0)
})

test('keys that are pressed quickly one after another add up, also on the way into the recording', async () => {
  mock.goLive('main', createMockStream(await makeClip(360, 240), 'as_now', Date.now() - 120_000))
  await page.goto(`${mock.url}/@main`)
  await until(page, 'plays', isLive)
  await watchDates()
  const from = Date.now() - (await look(page)).behind * 1000
  // The recording's playlist is known, its pictures are not there.
  const held: Route[] = []
  await page.route(/\/vod\/.*\/s\d+\.m4s/, (route) => void held.push(route))
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft')
  await waitFor('segments asked for', () => held.length > 0, 20_000)
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft')
  await page.unrouteAll()
  await Promise.all(held.map((route) => route.continue().catch(() => undefined)))
  let step: Step | undefined
  const goesOn = async () => {
    const { moves, shown } = (step = await page.evaluate<Step>('step'))
    return moves > 0 && (shown.at(-1) ?? 0) > (shown[0] ?? 0) + 500
  }
  await waitFor('pictures', goesOn, 60_000, 20)
  // The picture goes on between keys on a busy machine.
  const off = ((step?.shown[0] ?? Number.NaN) - from) / 1000 + 50
  assert.ok(off > -4 && off < 8, `shown ${off} s from the place asked for`)
})
