import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

/** Warnings of hls.js that are no fault of the stream. */
const expected: readonly RegExp[] = [
  // A seek of its own to the first key frame that it has, when key frames are far apart.
  /Playback stalling at .* due to low buffer/,
]

interface Facts {
  readonly frames: number
  readonly changes: number
  readonly loudest: number
  readonly time: number
  /** Seconds behind live as hls.js counts. */
  readonly latency: number
  /** Addresses of what was loaded. */
  readonly parts: number
  readonly segments: number
  readonly blocking: number
  readonly stalls: number
  readonly warnings: readonly string[]
}

describe('hls.js as its makers publish it', () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  let pages: PlayerPage
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
    browser = await chromium()
    pages = await servePlayerPage()
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await server?.stop()
  })

  async function publish(slug: string, options: Partial<Parameters<typeof ffmpegPublish>[0]>): Promise<Running> {
    const key = await owner.createChannel(slug)
    const encoder = ffmpegPublish({ width: 480, height: 270, bitrate: 500, ...options, url: `${server.rtmp}/${key}` })
    await waitLive(server, slug)
    return encoder
  }

  /** Opens a stream; resolves when the first picture is shown, with the ms that took. */
  async function play(url: string): Promise<{ page: Page; joined: number }> {
    const page = await pages.open(browser)
    const joined = await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      const logger = {}
      for (const level of ['trace', 'debug', 'log', 'info', 'warn', 'error']) logger[level] = log(level)
      globalThis.requests = []
      globalThis.stalls = 0
      const hls = (globalThis.hls = new Hls({ debug: logger, lowLatencyMode: true }))
      hls.on(Hls.Events.ERROR, (_, data) => {
        if (data.details === 'bufferStalledError') stalls++
        lines.push('error ' + data.details + (data.fatal ? ' fatal' : '') + ' ' + (data.error && data.error.message))
      })
      hls.on(Hls.Events.FRAG_LOADED, (_, { frag, part }) => requests.push((part ? 'part ' : 'segment ') + (part || frag).relurl))
      hls.on(Hls.Events.LEVEL_LOADING, (_, { url }) => requests.push('playlist ' + url))
      globalThis.seen = watch(video)
      const begun = performance.now()
      hls.loadSource(${JSON.stringify(url)})
      hls.attachMedia(video)
      video.play().catch(() => {})
      while (seen.frames < 2) await new Promise((done) => setTimeout(done, 20))
      const took = performance.now() - begun
      await listen(video, seen)
      return took
    })()`)
    return { page, joined: joined as number }
  }

  async function facts(page: Page): Promise<Facts> {
    const found = (await page.evaluate(`({
      frames: seen.frames, changes: seen.changes, loudest: seen.loudest,
      time: document.querySelector('video').currentTime, latency: hls.latency, stalls,
      parts: requests.filter((r) => r.startsWith('part')).length,
      segments: requests.filter((r) => r.startsWith('segment')).length,
      blocking: requests.filter((r) => r.startsWith('playlist') && r.includes('_HLS_msn')).length,
      warnings: lines.filter((line) => /^(warn|error)/.test(line)),
    })`)) as Facts
    return { ...found, warnings: found.warnings.filter((line) => !expected.some((pattern) => pattern.test(line))) }
  }

  for (const [slug, gop, bFrames, limit] of [
    ['often', 60, 2, 3_000],
    ['auto', 250, 0, 6_000],
    ['rarely', 300, 0, 6_000],
  ] as const) {
    it(`joins at once and plays at low latency, a key frame every ${(gop / 30).toFixed(1)} s`, async () => {
      const encoder = await publish(slug, { gop, bFrames })
      // In the middle of a group of pictures, a while after the start.
      await sleep(gop * 33 + 2_500)
      const { page, joined } = await play(`${server.http}/live/${slug}/index.m3u8`)
      assert.ok(joined < limit, `first picture after ${Math.round(joined)} ms`)
      await sleep(1_000)
      const from = await facts(page)
      await sleep(6_000)
      const to = await facts(page)
      const summary = JSON.stringify(to, undefined, 1)
      assertNear(to.time - from.time, 6, 0.8, 'seconds played')
      assertNear(to.frames - from.frames, 180, 45, 'pictures shown')
      assert.ok(to.changes - from.changes > (to.frames - from.frames) * 0.9, summary)
      assert.ok(to.loudest > 0.02, `no sound: ${summary}`)
      assert.ok(to.parts > from.parts + 12, summary)
      assert.ok(to.blocking > 10, summary)
      if (gop === 60) assert.ok(to.latency > 0 && to.latency < 3, `latency ${to.latency} s`)
      assert.equal(to.stalls, from.stalls, summary)
      assert.deepEqual(to.warnings, [])
      await page.close()
      await encoder.stop('SIGINT')
    })
  }

  it('rewinds in the EVENT playlist, and plays the replay to its end', async () => {
    const encoder = await publish('later', { gop: 60, bFrames: 2 })
    await sleep(9_000)
    const { assetId } = await getChannel(server, 'later')
    const url = `${server.http}/vod/${assetId}/index.m3u8`
    const event = await play(url)
    await event.page.evaluate("document.querySelector('video').currentTime = 0")
    await waitFor('the start', async () => (await facts(event.page)).time > 1.5 && (await facts(event.page)).time < 5)
    assert.deepEqual((await facts(event.page)).warnings, [])
    await event.page.close()
    await encoder.stop('SIGINT')
    const { duration } = await waitEnded(server, assetId ?? '')
    const { page } = await play(url)
    const seconds = (duration ?? 0) / 1000
    assertNear((await page.evaluate("document.querySelector('video').duration")) as number, seconds, 0.1, 'duration')
    await page.evaluate(`document.querySelector('video').currentTime = ${seconds - 2}`)
    await waitFor('the end', () => page.evaluate("document.querySelector('video').ended"))
    assert.deepEqual((await facts(page)).warnings, [])
    await page.close()
  })
})
