import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { publishClockPicture } from '../test/support/clock-picture.ts'
import { firstFrame, shownAge, watchFirstFrame } from './support/page.ts'
import { report } from './support/report.ts'

/**
 * The picture goes on without a reload: after the encoder was gone for 5 s, and after the server was killed (kill -9) and
 * started again 3 s later. Counted from the moment the new encoder's first key frame came to the server (the new epoch's
 * program date time) to the moment the page shows a picture of the new encoder.
 */
let server = await startBandstand()
const addresses = { http: server.http.replace('http://', ''), rtmp: server.rtmp.replace(/^rtmp:\/\/|\/live$/g, '') }
let encoder = publishClockPicture({ url: server.publishUrl })
const browser = await chromium()
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
let loads = 0
page.on('load', () => loads++)

/** Unix ms at which the newest epoch's first key frame came. */
async function newestEpoch(after: number): Promise<number> {
  for (;;) {
    await sleep(50)
    const multivariant = await fetch(`${server.http}/live/main/index.m3u8`).then((r) => r.text())
    const uri = multivariant.split('\n').find((line) => line.endsWith('v1/index.m3u8'))
    if (uri === undefined) continue
    const text = await fetch(`${server.http}/live/main/${uri}`).then((r) => r.text())
    const tail = text.slice(Math.max(0, text.lastIndexOf('#EXT-X-DISCONTINUITY\n')))
    const at = Date.parse(/#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(tail)?.[1] ?? '')
    if (at >= after) return at
  }
}

/** ms from `since` (Unix) until the page shows a picture that was made at or after it. */
async function untilShown(since: number): Promise<number> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const age = await shownAge(page).catch(() => undefined)
    if (age !== undefined && Date.now() - age >= since) return Date.now() - since
    await sleep(20)
  }
  return Number.POSITIVE_INFINITY
}

try {
  await sleep(6_000)
  await watchFirstFrame(page)
  await page.goto(`${server.http}/`)
  await firstFrame(page)
  await sleep(5_000)
  const before = (await shownAge(page)) ?? Number.NaN

  await encoder.stop()
  await sleep(5_000)
  encoder = publishClockPicture({ url: server.publishUrl })
  let made = await encoder.firstFrame
  let came = newestEpoch(made)
  const afterEncoder = (await untilShown(made)) - (await came) + made
  report({
    what: 'encoder gone for 5 s and back: new picture shown after its key frame came',
    measured: `${Math.round(afterEncoder)} ms (latency before: ${Math.round(before)} ms)`,
    must: '2000 ms',
    ok: afterEncoder <= 2000 && loads === 1,
  })

  await sleep(8_000)
  await server.kill('SIGKILL')
  await encoder.stop()
  await sleep(3_000)
  server = await startBandstand({ data: server.data, ...addresses })
  encoder = publishClockPicture({ url: server.publishUrl })
  made = await encoder.firstFrame
  came = newestEpoch(made)
  const afterServer = (await untilShown(made)) - (await came) + made
  report({
    what: 'server killed and back in 3 s: new picture shown after its key frame came',
    measured: `${Math.round(afterServer)} ms`,
    must: '2000 ms',
    ok: afterServer <= 2000 && loads === 1,
  })
} finally {
  await browser.close()
  await encoder.stop()
  await server.stop()
}
