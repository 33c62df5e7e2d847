import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { chromium, expectOwnHls } from '../support/browser.ts'
import { type Look, type PlayerElement, until } from '../support/our-player.ts'
import { type Clip, makeClip } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { createMockStream } from './mock/stream.ts'

/**
 * The page in a browser without Media Source Extensions, as on iPhones before iOS 17.1: the browser's own HLS plays. Here that is
 * Chromium's. Unlike Safari's it tells no dates and cannot be moved in a playlist that grows, so that the recording of a running
 * broadcast begins at its beginning; `native-session.test.ts` has what depends on the two.
 */

let clip: Clip
let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  clip = await makeClip(120, 60)
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
  await page.addInitScript(() => {
    for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource'])
      Reflect.deleteProperty(globalThis, name)
  })
})
afterEach(async () => {
  await page.close()
  await mock.close()
})

const stream = (asset: string, age: number) => createMockStream(clip, asset, Date.now() - age)
const playing = (seen: Look) => seen.phase === 'live' && seen.frames > 2 && !seen.paused

async function open(path: string): Promise<void> {
  await page.goto(`${mock.url}${path}`)
  await expectOwnHls(page)
}

/** What the video itself has loaded: an address of ours, where no script feeds it. */
const source = () => page.evaluate(() => document.querySelector<PlayerElement>('bandstand-player')?.video.src ?? '')

test('without Media Source Extensions a live channel plays, is paused and goes on', async () => {
  mock.goLive('main', stream('as_1', 30_000))
  await open('/@main')
  await until(page, 'plays', (seen) => playing(seen) && seen.playing === 'hls')
  assert.match(await source(), /\/live\/main\/index\.m3u8/)
  await page.keyboard.press('k')
  const { frames } = await until(page, 'is paused', ({ paused }) => paused)
  await page.keyboard.press('k')
  await until(page, 'goes on', (seen) => playing(seen) && seen.frames > frames + 30)
})

test('without Media Source Extensions the key Home leads to the beginning of the recording, and LIVE back', async () => {
  mock.goLive('main', stream('as_1', 30_000))
  await open('/@main')
  await until(page, 'plays', playing)
  await page.keyboard.press('Home')
  await until(page, 'the beginning', ({ phase, time, frames }) => phase === 'behind' && frames > 2 && time < 25)
  assert.match(await source(), /\/vod\/as_1\/index\.m3u8/)
  await page.locator('bandstand-player').getByRole('button', { name: /^LIVE/ }).click()
  await until(page, 'live again', playing)
  assert.match(await source(), /\/live\/main\/index\.m3u8/)
})

test('without Media Source Extensions the end of a broadcast is said, and the next one begins by itself', async () => {
  mock.goLive('main', stream('as_1', 30_000))
  await open('/@main')
  await until(page, 'plays', playing)
  mock.goOffline('main')
  await until(page, 'offline', ({ phase }) => phase === 'offline')
  await page.getByText('Not live right now').waitFor()
  mock.goLive('main', stream('as_2', 30_000))
  await until(page, 'the next broadcast plays', playing)
})

test('without Media Source Extensions a replay plays, is moved in and ends', async () => {
  mock.goLive('main', stream('as_old', 60_000))
  mock.goOffline('main')
  const times = { startedAt: '2026-01-01T20:00:00.000Z', endedAt: '2026-01-01T20:01:00.000Z', duration: 60_000 }
  mock.assets.set('as_old', { id: 'as_old', channel: 'main', title: 'Yesterday', live: false, bytes: 1e6, ...times })
  await open('/watch/as_old')
  await until(page, 'plays', ({ phase, frames, time }) => phase === 'replay' && frames > 2 && time < 30)
  await page.keyboard.press('9')
  await until(page, 'further on', ({ phase, time }) => phase !== 'starting' && time > 50)
  await until(page, 'ends', ({ phase }) => phase === 'ended')
  await page.keyboard.press('Home')
  await until(page, 'begins anew', ({ phase, time, frames }) => phase === 'replay' && frames > 2 && time < 30)
})
