import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import type { PlayerElement } from '../support/our-player.ts'
import { makeClip } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { createMockStream } from './mock/stream.ts'

/** How viewers come to past broadcasts. */

let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' })
})
afterEach(async () => {
  await page.context().close()
  await mock.close()
})

function record(id: string, title: string, startedAt: string, seconds: number): void {
  const times = { startedAt, endedAt: startedAt, duration: seconds * 1000 }
  mock.assets.set(id, { id, channel: 'main', title, live: false, bytes: 1e6, ...times })
}

const list = () => page.locator('bandstand-replays')
const last = () => page.getByRole('link', { name: 'Watch the last broadcast' })

/** Adds to an error what the player was doing: it leads to the last broadcast when it has come to the end of the one it plays. */
async function playerSays(error: Error): Promise<never> {
  const facts = await page.locator('bandstand-player').evaluate((player: PlayerElement) => {
    const { phase, video } = player
    const { currentTime, duration, readyState, paused, ended, seeking, buffered } = video
    const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)])
    return { phase, currentTime, duration, readyState, paused, ended, seeking, ranges, error: video.error?.message }
  })
  const asked = mock.requests.filter((line) => /replays|channels\/main|m3u8/.test(line)).slice(-15)
  throw new Error(`the player: ${JSON.stringify(facts)}; asked: ${asked.join(', ')}`, { cause: error })
}

test('an offline channel leads to the last broadcast, and to all of them', async () => {
  record('as_1', 'The first', '2026-01-01T20:00:00.000Z', 3723)
  record('as_2', 'The second', '2026-01-08T20:00:00.000Z', 65)
  await page.goto(mock.url)
  await last().waitFor()
  assert.equal(await last().getAttribute('href'), `${mock.url}/watch/as_2`)
  const links = list().getByRole('link')
  await links.nth(1).waitFor()
  const [second = '', first = ''] = await links.allInnerTexts()
  assert.match(second, /^The second\n8 Jan 2026, \d\d:\d\d · 1:05$/)
  assert.match(first, /^The first\n1 Jan 2026, \d\d:\d\d · 1:02:03$/)
  await links.nth(1).click()
  await page.waitForURL('**/watch/as_1')
})

test('the page of a broadcast leads back to its channel and to the others', async () => {
  record('as_1', 'The first', '2026-01-01T20:00:00.000Z', 3723)
  record('as_2', 'The second', '2026-01-08T20:00:00.000Z', 65)
  await page.goto(`${mock.url}/watch/as_1`)
  await list().getByRole('link', { name: 'The second' }).waitFor()
  assert.equal(await list().getByRole('link').count(), 1)
  await page.getByRole('link', { name: 'Late Night Synthesis' }).click()
  await page.waitForURL('**/@main')
})

test('where nothing was recorded nothing is shown', async () => {
  const answered = page.waitForResponse('**/replays?*')
  await page.goto(mock.url)
  await answered
  await page.getByRole('heading', { name: 'Not live right now' }).waitFor()
  assert.equal(await list().innerText(), '')
  assert.equal(await last().count(), 0)
})

test('a broadcast that ends while the page is open is added, also when its recording is listed late', async () => {
  mock.goLive('main', createMockStream(await makeClip(10, 30), 'as_now', Date.now() - 3000))
  const first = page.waitForResponse('**/replays?*')
  await page.goto(mock.url)
  await first
  await page.locator('bandstand-viewers', { hasText: 'watching' }).waitFor()
  assert.equal(await last().count(), 0)
  // The look at the end of the broadcast comes too early.
  const early = page.waitForResponse('**/replays?*')
  mock.goOffline('main')
  await early
  record('as_now', 'Just now', new Date().toISOString(), 9)
  await list().getByRole('link', { name: 'Just now' }).waitFor()
  await last().waitFor().catch(playerSays)
  assert.equal(await last().getAttribute('href'), `${mock.url}/watch/as_now`)
})

test('on a phone the length of a broadcast does not stand alone on a line', async () => {
  record('as_1', 'The first', '2026-11-21T20:15:00.000Z', 311)
  record('as_2', 'The second', '2026-11-22T20:15:00.000Z', 36_311)
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'en-US', timezoneId: 'UTC' })
  try {
    await phone.goto(mock.url)
    await phone.locator('bandstand-replays span').nth(1).waitFor()
    const facts = await phone.locator('bandstand-replays span').evaluateAll((spans) =>
      spans.map((span) => {
        const lines = new Map<number, string>()
        const text = [...span.childNodes].find((node) => node instanceof Text)
        if (text === undefined) return []
        for (let i = 0; i < text.data.length; i++) {
          const range = document.createRange()
          range.setStart(text, i)
          range.setEnd(text, i + 1)
          const top = Math.round(range.getBoundingClientRect().top)
          lines.set(top, (lines.get(top) ?? '') + range)
        }
        return [...lines.values()]
      }),
    )
    const [long = [], short = []] = facts
    assert.match(short.join(''), /^Nov 21, 2026, 8:15.PM · 5:11$/)
    for (const lines of [long, short]) assert.match(lines.at(-1) ?? '', /[AP]M ·/, lines.join(' | '))
  } finally {
    await phone.context().close()
  }
})
