import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { publishClockPicture } from '../test/support/clock-picture.ts'
import { firstFrame, shownAge, watchFirstFrame } from './support/page.ts'
import { report } from './support/report.ts'

/**
 * The picture goes on without a reload: after the encoder was lost for 5 s, after it was stopped and started again 5 s
 * later (a new broadcast), and after the server was killed (kill -9) and started again 3 s later. Counted from the moment
 * the new encoder's first key frame came to the server (the epoch's program date time) to the moment the page shows a
 * picture of the new encoder.
 *
 * usage: node bench/continuity.ts [rounds]
 */
const rounds = Number(process.argv[2] ?? 3)
const must = 2000
let server = await startBandstand({ ffmpeg: true, limit: 3_600_000 })
const addresses = { http: server.http.replace('http://', ''), rtmp: server.rtmp.replace(/^rtmp:\/\/|\/live$/g, '') }
let encoder = publishClockPicture({ url: server.publishUrl })
const browser = await chromium()
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
let loads = 0
page.on('load', () => loads++)

/** Unix ms at which the newest epoch's first key frame came; the epoch begins after `after`. */
async function newestEpoch(after: number): Promise<number> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const multivariant = await fetch(`${server.http}/live/main/index.m3u8`).then((r) => r.text())
    const uri = multivariant.split('\n').find((line) => line.endsWith('v1/index.m3u8'))
    if (uri === undefined) continue
    const text = await fetch(`${server.http}/live/main/${uri}`).then((r) => r.text())
    // Behind the newest discontinuity and behind gap entries, which open a broadcast.
    const from = Math.max(0, text.lastIndexOf('#EXT-X-DISCONTINUITY\n'), text.lastIndexOf('\ng0'))
    const at = Date.parse(/#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(text.slice(from))?.[1] ?? '')
    if (at >= after) return at
  }
  return Number.NaN
}

/** Unix ms at which the page shows a picture that was made at or after `since`. */
async function shownAt(since: number): Promise<number> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(20)) {
    const age = await shownAge(page).catch(() => undefined)
    if (age !== undefined && Date.now() - age >= since) return Date.now()
  }
  return Number.POSITIVE_INFINITY
}

/** ms from the first key frame of a new encoder to its picture. */
async function goesOn(): Promise<number> {
  encoder = publishClockPicture({ url: server.publishUrl })
  const made = await encoder.firstFrame
  const [shown, came] = await Promise.all([shownAt(made), newestEpoch(made)])
  await sleep(7_000)
  return shown - came
}

const cases = {
  'encoder lost for 5 s and back': async () => {
    await encoder.kill()
    await sleep(5_000)
    return goesOn()
  },
  'encoder stopped and started 5 s later (a new broadcast)': async () => {
    await encoder.stop()
    await sleep(5_000)
    return goesOn()
  },
  'server killed and back in 3 s': async () => {
    await server.kill('SIGKILL')
    await encoder.kill()
    await sleep(3_000)
    server = await startBandstand({ ffmpeg: true, data: server.data, ...addresses, limit: 3_600_000 })
    return goesOn()
  },
}

try {
  await sleep(6_000)
  await watchFirstFrame(page)
  await page.goto(`${server.http}/`)
  await firstFrame(page)
  await sleep(5_000)
  for (const [what, run] of Object.entries(cases)) {
    const measured: number[] = []
    for (let round = 0; round < rounds; round++) measured.push(Math.round(await run()))
    measured.sort((a, b) => a - b)
    report({
      what: `${what}: new picture shown after its key frame came`,
      measured: `${measured.join(', ')} ms`,
      must: `${must} ms`,
      ok: measured.every((ms) => ms <= must) && loads === 1,
    })
  }
} finally {
  await browser.close()
  await encoder.stop()
  await server.stop()
}
