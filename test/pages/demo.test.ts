import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, ownerPassword, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'
import { hoverOverBar } from './hover.ts'

/** `bandstand demo` as a newcomer sees it. With BANDSTAND_TEST_PICTURE=1 what is seen becomes the README's picture. */

let server: Bandstand
let browser: Browser

before(async () => {
  server = await startBandstand({ command: 'demo' })
  browser = await chromium()
})
after(async () => {
  await browser.close()
  await server.stop()
})

/** Types a name where none is known yet, then the words. */
async function say(page: Page, name: string, words: string): Promise<void> {
  const field = page.locator('bandstand-chat input').first()
  await field.fill(words)
  // Until it has joined, a name is not sent.
  await page.getByText('Joining the chat').waitFor({ state: 'hidden' })
  await field.press('Enter')
  const naming = page.locator('bandstand-chat input').first()
  if ((await naming.inputValue()) !== words) {
    await naming.fill(name)
    await naming.press('Enter')
  }
  await page.locator('bandstand-chat').getByText(words).first().waitFor()
}

interface Look {
  readonly phase: string
  readonly playing: string | undefined
  /** Seconds, as the player says. */
  readonly behind: number
  /** Lines of the picture. */
  readonly height: number
  readonly time: number
  readonly frames: number
}

test('the demo plays with sound, and two people talk', { timeout: 120_000 }, async () => {
  await fetchAsOwner('/api/v1/channels/main', {
    title: 'Evening on the bandstand',
    description: 'Every Saturday at eight.',
  })
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 760 } })).newPage()
  await page.goto(`${server.http}/`)
  const other = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage()
  await other.goto(`${server.http}/@main`)
  for (const each of [page, other]) {
    await waitFor(
      'moving pictures',
      () => each.evaluate<boolean>(`(document.querySelector('bandstand-player')?.video?.currentTime ?? 0) > 1`),
      60_000,
    )
  }
  // The time is that of the live edge before the first sound is decoded.
  await waitFor('sound that is decoded', () =>
    page.evaluate<boolean>(`document.querySelector('bandstand-player').video.webkitAudioDecodedByteCount > 0`),
  )
  await say(page, 'front row', 'Good evening! The sound is lovely today.')
  await say(other, 'balcony', 'Hello from the train, no stalls so far.')
  await page.locator('bandstand-chat').getByText('Hello from the train').waitFor()
  await sleep(500)
  const picture = await page.screenshot()
  // An empty stage compresses to next to nothing.
  assert.ok(picture.byteLength > 30_000)
  if (process.env['BANDSTAND_TEST_PICTURE'] === '1') {
    writeFileSync(join(import.meta.dirname, '../../docs/page.png'), picture)
  }
})

test('on the demo a viewer has real time less than a second behind, any rendition, the rewind, and pictures above the bar', {
  timeout: 200_000,
}, async (t) => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 760 } })).newPage()
  await page.goto(`${server.http}/@main`)
  let seen: Look | undefined
  const until = async (what: string, right: (look: Look) => boolean) => {
    const look = async () => {
      seen = await page.evaluate<Look>(`(() => {
        const { phase, playing, behind, video } = document.querySelector('bandstand-player')
        const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
        return { phase, playing, behind, frames, height: video?.videoHeight ?? 0, time: video?.currentTime ?? 0 }
      })()`)
      return right(seen) && seen
    }
    return waitFor(what, look, 60_000).catch((cause: unknown) => {
      throw new Error(`${what}: ${JSON.stringify(seen)} at the end`, { cause })
    })
  }
  const choose = async (group: string, name: string) => {
    await page.getByRole('button', { name: 'Quality and delay' }).click()
    await page.getByRole('group', { name: group }).getByRole('menuitemradio', { name, exact: true }).click()
  }
  await until('the picture', ({ phase, frames }) => phase === 'live' && frames > 0)
  await choose('Delay', 'Real time')
  const isRealTime = ({ phase, playing }: Look) => phase === 'live' && playing === 'webrtc'
  const { behind } = await until('real time', (look) => isRealTime(look) && look.behind > 0 && look.behind < 1)
  t.diagnostic(`real time: ${behind.toFixed(2)} s behind`)
  for (let round = 1; ; round++) {
    const watched = watchStarving()
    await page.getByRole('button', { name: 'Quality and delay' }).click()
    const offered = page.getByRole('group', { name: 'Quality' }).getByRole('menuitemradio', { name: /^\d+p$/ })
    await offered.nth(1).waitFor({ timeout: 60_000 })
    // The least of them: a busy machine leaves the dearest rungs out.
    const height = Number.parseInt((await offered.last().innerText()).trim())
    await offered.last().click()
    const { frames } = await until(`${height} lines`, (look) => !isRealTime(look) || look.height === height)
    const isMore = (look: Look) => isRealTime(look) && look.height === height && look.frames > frames + 15
    const last = await until('more of them', (look) => !isRealTime(look) || isMore(look))
    if (isMore(last)) break
    const starved = watched()
    // On a busy machine a connection may be lost; the next one begins with the best.
    const said = `${JSON.stringify(last)}, starved ${Math.round(starved * 100)} %`
    t.diagnostic(said)
    assert.ok(starved > starving && round < 3, said)
    await until('real time again', isRealTime)
  }
  await page.keyboard.press('Home')
  const { time } = await until('the begin', (look) => look.phase === 'behind' && look.time < 10)
  await until('its pictures', (look) => look.phase === 'behind' && look.time > time + 0.5)
  const shown = await (await hoverOverBar(page)).boundingBox()
  assert.deepEqual([shown?.width, shown?.height], [160, 90])
  await page.close()
})

async function fetchAsOwner(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', origin: server.http }
  const session = await fetch(`${server.http}/api/v1/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ password: ownerPassword }),
  })
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const answer = await fetch(`${server.http}${path}`, {
    method: 'PATCH',
    headers: { ...headers, cookie },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200, await answer.text())
}
