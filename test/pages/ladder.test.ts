import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { longOnly } from '../support/long.ts'
import { slowLink } from '../support/slow-link.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { type Clip, makeLadder } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { createMockStream } from './mock/stream.ts'

/** A stream of several renditions: chosen by the viewer, and by the player on a link that changes. */

let clip: Clip
let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  clip = await makeLadder(110, [
    [360, 2_000_000],
    [270, 800_000],
    [180, 250_000],
  ])
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  mock.goLive('main', createMockStream(clip, 'as_1', Date.now() - 15_000))
  page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
})
afterEach(async () => {
  await page.close()
  await mock.close()
})

interface Seen {
  /** Lines of the picture. */
  readonly height: number
  readonly phase: string
  /** Longest time between two pictures since the last look; milliseconds. */
  readonly gap: number
}

type Player = HTMLElement & { readonly phase: string; readonly video: HTMLVideoElement }

declare global {
  interface Window {
    gap: number
  }
}

/** Writes down the longest time between two pictures. */
async function watch(): Promise<void> {
  await page.waitForFunction(() => (document.querySelector('bandstand-player') as Player).phase === 'live')
  await page.evaluate(() => {
    const { video } = document.querySelector('bandstand-player') as Player
    let last = performance.now()
    window.gap = 0
    const onFrame = (now: number) => {
      window.gap = Math.max(window.gap, now - last)
      last = now
      video.requestVideoFrameCallback(onFrame)
    }
    video.requestVideoFrameCallback(onFrame)
  })
}

const look = (): Promise<Seen> =>
  page.evaluate(() => {
    const { phase, video } = document.querySelector('bandstand-player') as Player
    const { gap } = window
    window.gap = 0
    return { phase, gap, height: video.videoHeight }
  })

/** A test for `until` that waits; milliseconds from now. */
function elapsed(ms: number): () => boolean {
  const begun = performance.now()
  return () => performance.now() - begun > ms
}

async function until(what: string, test: (seen: Seen) => boolean, each?: (seen: Seen) => void) {
  const end = performance.now() + 60_000
  for (;;) {
    const seen = await look()
    each?.(seen)
    if (test(seen)) return
    if (performance.now() > end) assert.fail(`${what}: ${JSON.stringify(seen)}`)
    await page.waitForTimeout(250)
  }
}

test('a menu whose renditions change under the focus keeps it, and hears Escape', async () => {
  await page.goto(`${mock.url}/@main`)
  await page.waitForFunction("customElements.get('bandstand-settings-menu')")
  // One of its own: the player's is told of its renditions again and again.
  await page.evaluate(`(() => {
    const host = document.body.appendChild(document.createElement('div'))
    globalThis.menu = document.createElement('bandstand-settings-menu')
    host.attachShadow({ mode: 'open' }).append(menu)
    globalThis.offer = async (...heights) => {
      const list = heights.map((height) => ({ id: height, height, frameRate: 30, bitrate: height * 1000 }))
      const choice = { able: new Set(['ll-hls', 'hls']), failures: [] }
      menu.settings = { latency: 'low', choice, qualities: { list, chosen: 'auto', playing: 1, choose() {} } }
      await menu.updateComplete
      const item = menu.shadowRoot.activeElement
      return [item?.closest('[role=group]').ariaLabel, item?.textContent.trim()].join(': ')
    }
  })()`)
  const offer = (...heights: number[]) => page.evaluate<string>(`offer(${heights.join()})`)
  await offer(360, 270, 180)
  await page.evaluate("menu.shadowRoot.querySelector('#button').click(), menu.updateComplete")
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown')
  assert.equal(await offer(360, 270, 180), 'Quality: 180p')
  assert.equal(await offer(360, 180), 'Quality: 180p')
  assert.equal(await offer(1080, 720, 360, 180), 'Quality: 180p')
  assert.equal(await offer(1080, 720, 360), 'Quality: Automatic')
  await page.keyboard.press('End')
  const delay = await offer(1080, 720, 360)
  assert.match(delay, /^Delay: /)
  assert.equal(await offer(1080, 720), delay)
  assert.equal(await offer(), delay)
  await page.keyboard.press('Escape')
  assert.equal(await page.evaluate("menu.shadowRoot.querySelector('[role=menu]')"), null)
})

test('each rendition is chosen in the menu, and the automatic choice says what it plays', async () => {
  await page.goto(`${mock.url}/@main`)
  await watch()
  const menu = page.getByRole('button', { name: 'Quality and delay' })
  const choose = async (name: string | RegExp) => {
    await menu.click()
    await page.getByRole('group', { name: 'Quality' }).getByRole('menuitemradio', { name, exact: true }).click()
  }
  await menu.click()
  const qualities = page.getByRole('group', { name: 'Quality' }).getByRole('menuitemradio')
  await qualities.filter({ hasText: /Automatic \(/ }).waitFor()
  const names = await qualities.allTextContents()
  assert.deepEqual(
    names.map((name) => name.trim().replace(/\(.*\)/, '(…)')),
    ['Automatic (…)', '360p', '270p', '180p'],
  )
  await page.keyboard.press('Escape')
  for (const height of [180, 360, 270]) {
    await choose(`${height}p`)
    await until(`${height} lines`, (seen) => seen.height === height)
    await menu.click()
    assert.equal(
      await page.getByRole('menuitemradio', { name: `${height}p`, exact: true }).getAttribute('aria-checked'),
      'true',
    )
    await page.keyboard.press('Escape')
  }
  // Rewinding loads another playlist; what was chosen stays.
  await choose('180p')
  await page.keyboard.press('Home')
  await until('180 lines of the recording', (seen) => seen.height === 180 && seen.phase === 'behind')
  await choose(/^Automatic/)
  await until('better than 180 lines', (seen) => seen.height > 180)
})

/** A page of its own broadcast, for the clip ends, and none that the page of the last round would go on with. */
async function open(round: number, carry: (bits: number) => Promise<unknown>): Promise<void> {
  await page.goto('about:blank')
  mock.goLive('main', createMockStream(clip, `as_round-${round}`, Date.now() - 15_000))
  // Not so quick that the player would do without the reserve that it keeps for this.
  await carry(5e6)
  await page.goto(`${mock.url}/@main`)
  await watch()
}

/** Parts of pictures that the player gave up while they were on their way. */
function countAborted(): () => number {
  let count = 0
  page.on('requestfailed', (request) => {
    if (/\/v\d\/p\d+\.m4s/.test(request.url())) count++
  })
  return () => count
}

/** What `note` is told of, from now on, and how it went. */
function record(aborted: () => number) {
  const before = aborted()
  const watched = watchStarving()
  let since = watchStarving()
  /** Of the time up to now, and of that in which the picture stood longest. */
  let [newest, worst] = [0, 0]
  const gaps: number[] = []
  const phases = new Set<string>()
  return {
    note({ gap, phase }: Seen) {
      // What starved one stand of half a second shows in these moments, and hardly in the mean of a minute.
      const earlier = newest
      newest = since()
      since = watchStarving()
      if (gap > Math.max(0, ...gaps)) worst = Math.max(earlier, newest)
      gaps.push(Math.round(gap))
      phases.add(phase)
    },
    sum() {
      const starved = Math.max(watched(), worst)
      const stood = Math.max(0, ...gaps)
      const givenUp = aborted() - before
      const said = [
        `longest time between two pictures ${stood} ms`,
        `${givenUp} segments given up`,
        `${[...phases].join(', ')}, starved ${Math.round(starved * 100)} %`,
      ].join('; ')
      return { starved, stood, givenUp, isLive: phases.size === 1 && phases.has('live'), said }
    },
  }
}

test('on a link that becomes slow, quick and slow again the rendition changes without a stall', longOnly, async (t) => {
  const carry = await slowLink(page, 5e6)
  const aborted = countAborted()
  for (let round = 1; ; round++) {
    await open(round, carry)
    const missed: string[] = []
    // After a miss the round is lost, and the rest of it would only wait.
    const reach = async (...given: Parameters<typeof until>) => {
      if (missed.length === 0) await until(...given).catch((error: unknown) => void missed.push(String(error)))
    }
    await reach('the best', (seen) => seen.height === 360)
    // The start is over: what is buffered is there, and the place is found.
    await page.waitForTimeout(4000)
    await look()
    mock.requests.splice(0)
    const { note, sum } = record(aborted)
    // Twice, for hls.js does not come back to a rendition as it came to it first.
    for (let times = 0; times < 2; times++) {
      const { height: best } = await look()
      // Less than it takes, but no third of it: then the rest of a segment would be given up, and fetched in another rendition.
      await carry(best === 360 ? 1.5e6 : 0.8e6)
      await reach(`down from ${best}`, (seen) => seen.height < best, note)
      const { height: low } = await look()
      await reach('a while below', elapsed(8000), note)
      await carry(5e6)
      await reach(`up from ${low}`, (seen) => seen.height > low, note)
    }
    const { starved, stood, givenUp, isLive, ...rest } = sum()
    const parts = mock.requests.splice(0).flatMap((line) => /\/v\d\/(p\d+\.m4s)/.exec(line)?.[1] ?? [])
    const twice = parts.filter((part, i) => parts.indexOf(part) !== i)
    const said = [rest.said, `fetched in two renditions: ${twice.join(' ') || 'nothing'}`, ...missed].join('; ')
    t.diagnostic(said)
    if (missed.length === 0 && stood < 500 && givenUp === 0 && isLive) {
      assert.deepEqual(twice, [], said)
      break
    }
    // A machine on which the player itself waits for a processor says nothing about the player.
    assert.ok(starved > starving && round < 3, said)
  }
})

test('on a link that carries a third of what is played the picture goes on in another rendition', async (t) => {
  const carry = await slowLink(page, 5e6)
  const aborted = countAborted()
  for (let round = 1; ; round++) {
    await open(round, carry)
    await until('the best', (seen) => seen.height === 360)
    await page.waitForTimeout(4000)
    await until('the best again', (seen) => seen.height === 360)
    const { note, sum } = record(aborted)
    // A segment takes three times as long as it plays: what is missing of it is fetched in another rendition.
    await carry(0.8e6)
    await until('a lower one', (seen) => seen.height < 360, note)
    await until('a while below', elapsed(3000), note)
    const { starved, stood, givenUp, isLive, said } = sum()
    t.diagnostic(said)
    // Played to its end, the segment would have it stand for one to two and a half seconds.
    if (stood < 600 && givenUp > 0 && isLive) break
    assert.ok(starved > starving && round < 4, said)
  }
})
