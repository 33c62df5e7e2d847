import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker, type TestChannel } from '../support/channels.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { longOnly } from '../support/long.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage, watchVideo } from '../support/player-page.ts'
import { judgeLive, judgeReplay } from '../support/replay.ts'
import { clip } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

/** One of the tracks is silent for some seconds while the other goes on, as where an encoder is overloaded. Both mostly wait. */
describe('a track that pauses', { concurrency: true }, () => {
  /** Seconds of the clip, longer than anybody takes, and of the hole within. */
  const length = 60
  const hole = { from: 6, to: 11 }
  const frameRate = 25
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let make: (slug: string) => Promise<TestChannel>
  before(async () => {
    server = await startBandstand()
    browser = await chromium()
    pages = await servePlayerPage()
    make = await channelMaker(server)
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await server?.stop()
  })

  /** A key frame every second, so that pictures come back with one. */
  async function clipWithout(track: 'v' | 'a'): Promise<ReturnType<typeof readClip>> {
    const whole = await encodeOnce([
      ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${frameRate}:duration=${length}`],
      ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${length}`, '-pix_fmt', 'yuv420p'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', String(frameRate)],
      ...['-b:v', '300k', '-maxrate', '300k', '-bufsize', '300k', '-c:a', 'aac', 'whole.flv'],
    ])
    const drop = `noise=drop=between(pts*tb\\,${hole.from}\\,${hole.to - 0.01})`
    const cut = ['-i', join(whole, 'whole.flv'), '-c', 'copy', `-bsf:${track}`, drop, 'cut.flv']
    return readClip(readFileSync(join(await encodeOnce(cut), 'cut.flv')))
  }

  async function openBare(slug: string): Promise<Page> {
    const page = await pages.open(browser)
    await page.evaluate(`(() => {
      const video = document.querySelector('video')
      globalThis.seen = watch(video)
      const nothing = () => {}
      const debug = { debug: nothing, info: nothing, log: nothing, trace: nothing, warn: log('warn'), error: log('error') }
      const hls = new Hls({ lowLatencyMode: true, debug })
      hls.loadSource(${JSON.stringify(`${server.http}/live/${slug}/index.m3u8`)})
      hls.attachMedia(video)
      video.play().catch(() => {})
    })()`)
    return page
  }

  async function openOurs(slug: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(`${server.http}/@${slug}/embed`)
    const video = "document.querySelector('bandstand-player')?.video"
    await waitFor('the player', () => page.evaluate(`${video} !== undefined`))
    await watchVideo(page, video)
    return page
  }

  for (const track of ['v', 'a'] as const) {
    const what =
      track === 'v' ? 'pictures stop for 5 s while sound goes on' : 'sound stops for 5 s while pictures go on'
    it(`${what}: our page and hls.js go on without a reload`, track === 'v' ? {} : longOnly, async (t) => {
      const [flv, channel] = await Promise.all([clipWithout(track), make(`${track}-pauses`)])
      const sending = performance.now()
      const publisher = clip(t, channel.publishUrl, { clip: flv, loop: false })
      const assetId = await channel.live()
      const begun = performance.now()
      const [bare, ours] = await Promise.all([openBare(channel.slug), openOurs(channel.slug)])
      let loads = 0
      for (const page of [bare, ours]) page.on('load', () => loads++)
      for (const page of [bare, ours]) await waitFor('pictures', () => page.evaluate('seen.shown.length > 20'))
      // In the hole a playlist may come to stand for as long as it may, and on a busy machine for longer.
      const checked = judgeLive(server.http, channel.slug, 12, ['stalled'])
      checked.catch(() => {})
      await sleep((hole.to + 1) * 1000 - (performance.now() - begun))
      await Promise.all([
        assertPlaysOn(bare, 3_000, { frameRate, fromPartToPart: true }, 30_000),
        assertPlaysOn(ours, 3_000, { frameRate }, 30_000),
      ])
      assert.equal(loads, 0)
      await checked
      await publisher.stop()
      const most = (performance.now() - sending) / 1000 + 0.7
      await channel.offline()
      const replay = await judgeReplay(server.http, assetId, { seconds: [hole.to + 4, most] })
      t.diagnostic(`${replay.seconds} s, ${replay.discontinuities} discontinuities`)
      await Promise.all([bare.close(), ours.close()])
    })
  }
})
