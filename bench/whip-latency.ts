import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand, streamKey } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { servePlayerPage } from '../test/support/player-page.ts'
import { whepFigures, whepJoin, whepLeave } from '../test/support/whep-page.ts'
import { whipEnd, whipFigures, whipPublish } from '../test/support/whip-page.ts'
import { firstFrame, shownAge, watchFirstFrame } from './support/page.ts'
import { quantile, report } from './support/report.ts'

/**
 * Glass to glass where a browser publishes: a page draws the wall clock as blocks and sends it by WHIP with Chromium's own encoder; another
 * Chromium reads the blocks back, from the channel's page by LL-HLS and from a bare `RTCPeerConnection` by WHEP.
 */
const seconds = Number(process.env['SECONDS_EACH'] ?? 30)

const server = await startBandstand({ ffmpeg: true })
const publishing = await chromium()
const watching = await chromium()
const pages = await servePlayerPage()

try {
  const encoder = await pages.open(publishing)
  const options = { key: streamKey, clock: true, codec: 'video/H264', bitrate: 2_500_000 }
  const published = await whipPublish(encoder, `${server.http}/live/main/whip`, options)
  if (published.status !== 201) throw new Error(`WHIP: ${published.status} ${published.code}`)
  // The encoder comes up to its rate and size.
  await sleep(15_000)

  const viewer = await pages.open(watching)
  await whepJoin(viewer, `${server.http}/live/main/whep`, { audio: true, ages: true, looks: false })
  await sleep(5_000)
  const { ages: early } = await whepFigures(viewer)
  await sleep(seconds * 1_000)
  const { ages: all, freezeSeconds, height } = await whepFigures(viewer)
  const inRealTime = all.slice(early.length)
  await whepLeave(viewer)
  const [p50, p95] = [quantile(inRealTime, 0.5), quantile(inRealTime, 0.95)]
  report({
    what: 'glass to glass, WHIP from Chromium to WHEP in Chromium, p50 / p95',
    measured: `${Math.round(p50)} / ${Math.round(p95)} ms of ${inRealTime.length} pictures of ${height} lines, ${freezeSeconds.toFixed(1)} s frozen`,
    must: '250 ms (aim 120)',
    ok: p50 <= 250,
  })

  const page = await watching.newPage({ viewport: { width: 1280, height: 800 } })
  await watchFirstFrame(page)
  await page.goto(`${server.http}/`)
  await firstFrame(page)
  await sleep(8_000)
  const ages: number[] = []
  for (let i = 0; i < seconds * 10; i++) {
    const age = await shownAge(page)
    if (age !== undefined) ages.push(age)
    await sleep(100)
  }
  const [hls, hlsWorst] = [quantile(ages, 0.5), quantile(ages, 0.95)]
  report({
    what: 'glass to glass, WHIP from Chromium to the page by LL-HLS, p50 / p95',
    measured: `${Math.round(hls)} / ${Math.round(hlsWorst)} ms`,
    must: '2200 ms (aim 1600)',
    ok: hls <= 2200,
  })
  const { width, framesEncoded, limit } = await whipFigures(encoder)
  console.log(`the encoder sent ${framesEncoded} pictures, at last ${width} wide, held back by: ${limit}`)
  await whipEnd(encoder)
} finally {
  await publishing.close()
  await watching.close()
  await pages.close()
  await server.stop()
}
