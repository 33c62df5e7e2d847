import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { waitLive } from '../support/published.ts'
import { readPressure } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

const rungs = [
  { height: 270, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]

describe('hls.js on the ladder', () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  let pages: PlayerPage
  let encoder: Running
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
    browser = await chromium()
    pages = await servePlayerPage()
    const settings = { mode: 'always', encoder: 'x264', preset: 'superfast', rungs }
    await owner.call('PUT', '/channels/main/ladder', settings)
    encoder = ffmpegPublish({ url: server.publishUrl, width: 640, height: 360, bitrate: 700, gop: 30 })
    await waitFor('the rungs', async () => (await waitLive(server, 'main')).variants.length === 3)
    await sleep(8_000)
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await encoder?.stop('SIGINT')
    await server?.stop()
  })

  async function play(lowLatencyMode: boolean): Promise<Page> {
    const page = await pages.open(browser)
    await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      const hls = (globalThis.hls = new Hls({ lowLatencyMode: ${lowLatencyMode}, abrEwmaDefaultEstimate: 1e9 }))
      hls.on(Hls.Events.ERROR, (_, data) => lines.push('error ' + data.details + (data.fatal ? ' fatal' : '')))
      globalThis.seen = watch(video)
      hls.loadSource('${server.http}/live/main/index.m3u8')
      hls.attachMedia(video)
      video.muted = true
      video.play().catch(() => {})
      while (seen.shown.length < 2) await new Promise((done) => setTimeout(done, 20))
    })()`)
    return page
  }

  const height = (page: Page) => page.evaluate<number>("document.querySelector('video').videoHeight")

  /** Up, down, across. What the player stood for, and the share of the time in which something waited for a processor. */
  async function switches(page: Page, levels: readonly number[]): Promise<{ faults: string[]; starved: number }> {
    await page.evaluate('lines.length = 0; seen.waiting.length = 0')
    const begun = performance.now()
    const pressure = readPressure()
    for (const wanted of [180, 360, 270, 360, 180]) {
      const level = levels.indexOf(wanted)
      await page.evaluate(`hls.nextLoadLevel = ${level}; hls.loadLevel = ${level}`)
      await waitFor(`${wanted}p`, async () => (await height(page)) === wanted, 25_000)
    }
    const starved = (readPressure() - pressure) / 1000 / (performance.now() - begun)
    // A request that is of no use after a change is ended.
    const faults = await page.evaluate<string[]>(
      `[...seen.waiting.map(() => 'waiting'),
        ...lines.filter((line) => line.startsWith('error') && !line.includes('aborted'))]`,
    )
    return { faults, starved }
  }

  for (const lowLatency of [true, false]) {
    it(`${lowLatency ? 'low latency' : 'ordinary HLS'}: switches up and down without a stall`, async () => {
      const page = await play(lowLatency)
      const levels = await page.evaluate<number[]>('hls.levels.map((level) => level.height)')
      assert.deepEqual(levels, [180, 270, 360])
      // From its first second on: until then it finds its place.
      await sleep(3_000)
      for (let round = 1; ; round++) {
        const { faults, starved } = await switches(page, levels)
        if (faults.length === 0) break
        // A machine on which the player itself waits for a processor says nothing about the streams.
        assert(
          starved > 0.6 && round < 4,
          `${faults.join(', ')}; waited for a processor ${Math.round(starved * 100)} %`,
        )
      }
      await assertPlaysOn(page, 3_000, { frameRate: 30 })
      await page.close()
    })
  }
})
