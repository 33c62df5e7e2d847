import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { startHls } from '../support/hls-page.ts'
import { isLong, longOnly } from '../support/long.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { waitLive } from '../support/published.ts'
import { slowLink } from '../support/slow-link.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

const rungs = [
  { height: 270, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]

/** Down, up and further; what is ten seconds behind has ten seconds to play before each. */
const wishes = (isLowLatency: boolean) =>
  isLong ? [180, 360, 270, 360, 180] : isLowLatency ? [180, 360, 270] : [180, 360]

/** @param seconds between the source's key frames */
const tests = (seconds: number) => () => {
  let server: Bandstand
  let owner: Owner
  let pages: PlayerPage
  let encoder: Running
  let live: () => number
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
    const settings = { mode: 'always', encoder: 'x264', preset: 'superfast', rungs }
    await owner.call('PUT', '/channels/main/ladder', settings)
    encoder = ffmpegPublish({ url: server.publishUrl, width: 640, height: 360, bitrate: 700, gop: 30 * seconds })
    pages = await servePlayerPage()
    await waitFor('the rungs', async () => (await waitLive(server, 'main')).variants.length === 3, 60_000)
    live = stopwatch()
  })
  after(async () => {
    await pages?.close()
    await encoder?.stop('SIGINT')
    await server?.stop()
  })

  /** In a browser of its own: pictures of a page that another one hides are not counted. */
  async function open(t: TestContext): Promise<Page> {
    const browser = await chromium()
    t.after(() => browser.close())
    return pages.open(browser)
  }

  const begin = (page: Page, lowLatency: boolean, estimate: number) =>
    startHls(page, { url: `${server.http}/live/main/index.m3u8`, lowLatency, estimate })

  const height = (page: Page) => page.evaluate<number>("document.querySelector('video').videoHeight")

  /**
   * What the player stood for, and the share of the time in which something waited for a processor.
   *
   * @param forgiven heights at whose coming it may stand for a moment
   */
  async function switches(
    page: Page,
    heights: readonly number[],
    levels: readonly number[],
    forgiven: readonly number[] = [],
  ) {
    const faults: string[] = []
    const watched = watchStarving()
    for (const wanted of heights) {
      await page.evaluate('lines.length = 0; seen.waiting.length = 0')
      const level = levels.indexOf(wanted)
      await page.evaluate(`hls.nextLoadLevel = ${level}; hls.loadLevel = ${level}`)
      await waitFor(`${wanted}p`, async () => (await height(page)) === wanted)
      // A request that is of no use after a change is ended.
      const found = await page.evaluate<string[]>(
        `[...seen.waiting.map(() => 'waiting'),
          ...lines.filter((line) => line.startsWith('error') && !line.includes('aborted'))]`,
      )
      const passing = forgiven.includes(wanted) ? /^waiting$|bufferStalledError$/ : /^$/
      faults.push(...found.filter((fault) => !passing.test(fault)))
    }
    const starved = watched()
    return { faults, starved }
  }

  for (const lowLatency of [true, false]) {
    // With key frames further apart than what is buffered the source's newest may lie before what is shown.
    const forgiven = lowLatency && seconds > 1 ? [360] : []
    const exception = forgiven.length === 0 ? '' : ', but on the way up to the source'
    it(`${lowLatency ? 'low latency' : 'ordinary HLS'}: switches up and down without a stall${exception}`, {
      ...(lowLatency ? {} : longOnly),
      timeout: 200_000,
    }, async (t) => {
      const page = await open(t)
      // One stays twelve seconds behind and does not get over the gaps that a broadcast's playlist begins with.
      await sleep(Math.max(0, (lowLatency ? 4 : 14) - live()) * 1_000)
      await begin(page, lowLatency, 1e9)
      const levels = await page.evaluate<number[]>('hls.levels.map((level) => level.height)')
      assert.deepEqual(levels, [180, 270, 360])
      // From its first second on: until then it finds its place.
      await sleep(3_000)
      for (let round = 1; ; round++) {
        const { faults, starved } = await switches(page, wishes(lowLatency), levels, forgiven)
        if (faults.length === 0) break
        // A machine on which the player itself waits for a processor says nothing about the streams.
        assert(
          starved > starving && round < 4,
          `${faults.join(', ')}; waited for a processor ${Math.round(starved * 100)} %`,
        )
      }
      await assertPlaysOn(page, 3_000, { frameRate: 30 })
    })
  }

  it('on a link that becomes slow and quick again it changes down and up by itself, without a stall', {
    ...longOnly,
    timeout: 200_000,
  }, async (t) => {
    const page = await open(t)
    await sleep(Math.max(0, 14 - live()) * 1_000)
    const carry = await slowLink(page, 4e6)
    await begin(page, false, 1e6)
    await waitFor('the best', async () => (await height(page)) === 360)
    // Until then it finds its place.
    await sleep(8_000)
    for (let round = 1; ; round++) {
      await page.evaluate('lines.length = 0; seen.waiting.length = 0')
      const begun = performance.now()
      const watched = watchStarving()
      await carry(6e5)
      await waitFor('down', async () => (await height(page)) < 360, 40_000)
      await sleep(10_000)
      await carry(4e6)
      await waitFor('up', async () => (await height(page)) === 360, 60_000)
      const starved = watched()
      const waits = await page.evaluate<number>('seen.waiting.length')
      t.diagnostic(`down and up in ${Math.round((performance.now() - begun) / 1000)} s, ${waits} stalls`)
      if (waits === 0) break
      assert(
        starved > starving && round < 3,
        `it stood ${waits} times; waited for a processor ${Math.round(starved * 100)} %`,
      )
    }
  })
}

describe('hls.js on the ladder', { concurrency: true }, tests(1))
describe('hls.js on the ladder, key frames 2 s apart', { concurrency: true, skip: !isLong }, tests(2))
