import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { publishClockPicture } from '../test/support/clock-picture.ts'
import { servePlayerPage } from '../test/support/player-page.ts'
import { whepFigures, whepJoin, whepLeave } from '../test/support/whep-page.ts'
import { quantile, report } from './support/report.ts'

/**
 * Glass to glass by WHEP: the wall clock is in the picture as blocks, an encoder sends it over RTMP, and a page with a bare
 * `RTCPeerConnection` in Chromium reads the blocks back from every picture. And: offer made to first picture shown, also where the
 * server has to start its process first.
 */
const seconds = Number(process.env['SECONDS_EACH'] ?? 30)
const joins = Number(process.env['OPENS'] ?? 15)
const coldJoins = Number(process.env['COLD_OPENS'] ?? 5)

const server = await startBandstand({ ffmpeg: true })
const encoder = publishClockPicture({ url: server.publishUrl })
const browser = await chromium()
const pages = await servePlayerPage()
const url = `${server.http}/live/main/whep`

/** ms from the offer to the first picture; NaN where none came. */
async function join(page: Page, to: string): Promise<number> {
  await whepJoin(page, to, { looks: false })
  let first: number | undefined
  for (let waited = 0; first === undefined && waited < 20_000; waited += 20) {
    await sleep(20)
    first = (await whepFigures(page)).first
  }
  await whepLeave(page)
  return first ?? Number.NaN
}

/** The first viewer of a server, by a browser that has played before. */
async function coldJoin(page: Page): Promise<number> {
  const fresh = await startBandstand({ ffmpeg: true })
  const sending = publishClockPicture({ url: fresh.publishUrl })
  try {
    await sleep(6_000)
    return await join(page, `${fresh.http}/live/main/whep`)
  } finally {
    await sending.stop()
    await fresh.stop()
  }
}

try {
  await sleep(6_000)
  const page = await pages.open(browser)
  const firsts: number[] = []
  for (let i = 0; i <= joins; i++) {
    const first = await join(page, url)
    // The first also starts the server's process and warms the browser up: see the cold ones.
    if (i > 0) firsts.push(first)
    await sleep(200 + 137 * i)
  }
  for (const audio of [true, false]) {
    await whepJoin(page, url, { audio, ages: true, looks: false })
    await sleep(5_000)
    const { ages: early } = await whepFigures(page)
    await sleep(seconds * 1_000)
    const { ages: all, freezeSeconds } = await whepFigures(page)
    const ages = all.slice(early.length)
    const [p50, p95] = [quantile(ages, 0.5), quantile(ages, 0.95)]
    report({
      what: `glass to glass by WebRTC in Chromium, ${audio ? 'with sound' : 'pictures alone'}, p50 / p95`,
      measured: `${Math.round(p50)} / ${Math.round(p95)} ms of ${ages.length} pictures, ${freezeSeconds.toFixed(1)} s frozen`,
      must: '300 ms (aim 150)',
      ok: p50 <= 300,
    })
    await whepLeave(page)
  }
  await encoder.stop()
  await server.stop()
  const colds: number[] = []
  for (let i = 0; i < coldJoins; i++) colds.push(await coldJoin(page))
  for (const [what, ms] of [
    ['where somebody watches or has just watched', firsts],
    ['the first viewer of a server, for whom it starts its process', colds],
  ] as const) {
    const [p50, worst] = [quantile(ms, 0.5), Math.max(...ms)]
    report({
      what: `join by WHEP to first picture, ${what}, p50 / worst of ${ms.length}`,
      measured: `${Math.round(p50)} / ${Math.round(worst)} ms`,
      must: '500 ms (aim 250)',
      ok: p50 <= 500,
    })
  }
} finally {
  await browser.close()
  await pages.close()
  await encoder.stop()
  await server.stop()
}
