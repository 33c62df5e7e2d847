import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import type { Shown } from '../test/support/continuity.ts'
import { ffmpegPublish } from '../test/support/encoders.ts'
import { startHls } from '../test/support/hls-page.ts'
import { signIn } from '../test/support/owner.ts'
import { type PlayerPage, servePlayerPage, watchVideo } from '../test/support/player-page.ts'
import { waitLive } from '../test/support/published.ts'
import { slowLink } from '../test/support/slow-link.ts'
import { watchStarving } from '../test/support/usage.ts'
import { waitFor } from '../test/support/wait.ts'
import { quantile, report } from './support/report.ts'

/**
 * Players on a link that becomes too slow for the source and quick again: how long until they have changed down and up by
 * themselves, how often they run out of media, how long the picture stands. Real server, real ladder (270p and 180p of 360p),
 * key frames 1 s and 2 s apart.
 */
const rounds = Number(process.env['ROUNDS'] ?? 1)
/** Bits a second: two and a half times the source with its sound, and three quarters of it. */
const [quick, slow] = [2e6, 6e5]
const limit = 3_600_000
const source = { width: 640, height: 360, bitrate: 700, limit }
const rungs = [
  { height: 270, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]

interface Player {
  readonly name: string
  /** Expression for its video. */
  readonly video: string
  /** Opens the channel in a page whose link is throttled already; `seen` there is what is shown. */
  start(page: Page, server: Bandstand, pages: PlayerPage): Promise<void>
}

const hls = (name: string, lowLatency: boolean): Player => ({
  name,
  video: "document.querySelector('video')",
  async start(page, server, pages) {
    await page.goto(pages.url)
    await startHls(page, { url: `${server.http}/live/main/index.m3u8`, lowLatency, estimate: 1e6 })
  },
})

const players: readonly Player[] = [
  hls('hls.js, low latency', true),
  hls('hls.js, ordinary', false),
  {
    name: 'our page, low latency',
    video: "document.querySelector('bandstand-player').video",
    async start(page, server) {
      await page.goto(`${server.http}/@main`)
      await waitFor('the player', () => page.evaluate<boolean>(`(${this.video}?.currentTime ?? 0) > 0`))
      await watchVideo(page, this.video)
    },
  },
]

interface Switch {
  /** Seconds until the picture has changed. */
  readonly down: number
  readonly up: number
  readonly stalls: number
  /** Longest time between two pictures, ms. */
  readonly stood: number
}

/** Down, a while there, and up again. */
async function measure(page: Page, { video }: Player, carry: (bits: number) => Promise<void>): Promise<Switch> {
  const height = () => page.evaluate<number>(`${video}.videoHeight`)
  const change = async (bits: number, isThere: (lines: number) => boolean) => {
    const begun = performance.now()
    await carry(bits)
    await waitFor(`another rendition at ${bits} bit/s`, async () => isThere(await height()), 180_000)
    return (performance.now() - begun) / 1000
  }
  const from = await page.evaluate<number>('(seen.waiting.length = 0, seen.shown.length - 1)')
  const down = await change(slow, (lines) => lines < source.height)
  await sleep(10_000)
  const up = await change(quick, (lines) => lines === source.height)
  await sleep(3_000)
  const shown = await page.evaluate<Shown[]>(`seen.shown.slice(${from})`)
  const stood = Math.max(...shown.slice(1).map(({ at }, i) => at - (shown[i]?.at ?? at)))
  return { down, up, stood, stalls: await page.evaluate<number>('seen.waiting.length') }
}

const pages = await servePlayerPage()
for (const seconds of [1, 2]) {
  const server = await startBandstand({ ffmpeg: true, limit })
  const owner = await signIn(server)
  await owner.call('PUT', '/channels/main/ladder', { mode: 'always', encoder: 'x264', preset: 'superfast', rungs })
  const encoder = ffmpegPublish({ url: server.publishUrl, gop: 30 * seconds, ...source })
  await waitFor('the rungs', async () => (await waitLive(server, 'main')).variants.length === 3)
  // Further back than that no player begins.
  await sleep(16_000)
  for (const player of players) {
    const browser = await chromium()
    try {
      const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
      const carry = await slowLink(page, quick)
      await player.start(page, server, pages)
      const isBest = () => page.evaluate<boolean>(`${player.video}.videoHeight === ${source.height}`)
      const found: Switch[] = []
      for (let round = 1; round <= rounds; round++) {
        await waitFor('the best', isBest, 60_000)
        await sleep(8_000)
        // It may have tried another meanwhile.
        await waitFor('the best', isBest, 60_000)
        const watched = watchStarving()
        const one = await measure(page, player, carry)
        found.push(one)
        const starved = 100 * watched()
        console.log(
          `${player.name}, ${seconds} s: ${JSON.stringify(one)}, something waited for a processor ${Math.round(starved)} %`,
        )
      }
      const middle = (pick: (one: Switch) => number) => quantile(found.map(pick), 0.5).toFixed(1)
      const stalls = found.reduce((sum, one) => sum + one.stalls, 0)
      report({
        what: `${player.name}, key frames every ${seconds} s, link too slow and quick again, ${rounds} times`,
        measured:
          `${stalls} stalls, picture stood ${Math.round(Math.max(...found.map(({ stood }) => stood)))} ms at most; ` +
          `down after ${middle(({ down }) => down)} s, up after ${middle(({ up }) => up)} s (median)`,
        must: '0 stalls',
        ok: stalls === 0,
      })
    } finally {
      await browser.close()
    }
  }
  await encoder.stop('SIGINT')
  await server.stop()
}
await pages.close()
