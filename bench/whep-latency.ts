import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { publishClockPicture } from '../test/support/clock-picture.ts'
import { servePlayerPage } from '../test/support/player-page.ts'
import { whepFigures, whepJoin, whepLeave } from '../test/support/whep-page.ts'
import { quantile, report } from './support/report.ts'

/**
 * Glass to glass by WHEP: the wall clock is in the picture as blocks, an encoder sends it over RTMP, and a page with a bare
 * `RTCPeerConnection` in Chromium reads the blocks back from every picture. And: offer made to first picture shown.
 */
const seconds = Number(process.env['SECONDS_EACH'] ?? 30)
const joins = Number(process.env['OPENS'] ?? 15)

const server = await startBandstand({ ffmpeg: true })
const encoder = publishClockPicture({ url: server.publishUrl })
const browser = await chromium()
const pages = await servePlayerPage()
const url = `${server.http}/live/main/whep`
try {
  await sleep(6_000)
  const page = await pages.open(browser)
  const firsts: number[] = []
  for (let i = 0; i <= joins; i++) {
    await whepJoin(page, url, { looks: false })
    let first: number | undefined
    for (let waited = 0; first === undefined && waited < 20_000; waited += 20) {
      await sleep(20)
      first = (await whepFigures(page)).first
    }
    // The first also starts the server's process and warms the browser up.
    if (i > 0) firsts.push(first ?? Number.NaN)
    await whepLeave(page)
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
  const [p50, worst] = [quantile(firsts, 0.5), Math.max(...firsts)]
  report({
    what: `join by WHEP to first picture, p50 / worst of ${joins}`,
    measured: `${Math.round(p50)} / ${Math.round(worst)} ms`,
    must: '500 ms (aim 250)',
    ok: p50 <= 500,
  })
} finally {
  await browser.close()
  await pages.close()
  await encoder.stop()
  await server.stop()
}
