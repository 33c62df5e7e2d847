import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseStoryboard } from '@bandstand/ui/player/storyboard.ts'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import type { Running } from '../support/process.ts'
import { getChannel, waitEnded, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'
import { findings } from './axe.ts'
import { hoverOverBar } from './hover.ts'

let server: Bandstand
let browser: Browser
let encoder: Running

before(async () => {
  server = await startBandstand({ ffmpeg: true })
  browser = await chromium()
  encoder = ffmpegPublish({ url: server.publishUrl })
  await waitLive(server, 'main')
})
after(async () => {
  await browser?.close()
  await encoder?.stop()
  await server?.stop()
})

/**
 * Waits for what a page is to show. ffmpeg makes it at the lowest priority: on a busy machine it is killed for being late, the page is
 * told that there is no picture, and the next attempt comes up to a minute later.
 */
async function waitPictures(poster: string, assetId: string): Promise<void> {
  const isThere = async (url: string) => (await fetch(url)).ok
  await waitFor(poster, () => isThere(poster), 120_000, 1000)
  const url = `${server.http}/vod/${assetId}/storyboard.vtt`
  const areThere = async () => {
    const sheets = new Set(parseStoryboard(await (await fetch(url)).text(), url).map(({ sheet }) => sheet))
    for (const sheet of sheets) if (!(await isThere(sheet))) return false
    return sheets.size > 0
  }
  await waitFor('the sheets', areThere, 120_000, 1000)
}

/** Opens a page and holds the pointer over the bar until there is a picture above it. */
async function hover(
  path: string,
  poster: string,
  assetId: string,
): Promise<{ page: Page; errors: string[]; sheets: string[] }> {
  for (let round = 1; ; round++) {
    await waitPictures(server.http + poster, assetId)
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const errors: string[] = []
    const sheets: string[] = []
    const missing: string[] = []
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
    page.on(
      'response',
      (answer) => void (/storyboard-.*jpg/.test(answer.url()) && (answer.ok() ? sheets : missing).push(answer.url())),
    )
    await page.goto(server.http + path)
    const shown = await hoverOverBar(page)
    await waitFor('the sheet', () => sheets.length > 0 || missing.length > 0)
    if (missing.length === 0) {
      const box = await shown.boundingBox()
      assert.deepEqual([box?.width, box?.height], [160, 90])
      assert.ok((await page.locator('bandstand-rewind-bar output').innerText()).length > 0)
      return { page, errors, sheets }
    }
    // A broadcast that goes on may have had another sheet by then.
    assert.ok(round < 4 && /did not finish within/.test(server.output()), missing.join(' '))
    await page.close()
  }
}

test('the pointer over the bar shows pictures, live and in a replay, and the player a poster', async () => {
  const { assetId } = await getChannel(server, 'main')
  assert.ok(assetId !== null)
  const live = await hover('/@main', '/live/main/thumbnail.jpg', assetId)
  assert.equal(await live.page.locator('video').getAttribute('poster'), `${server.http}/live/main/thumbnail.jpg`)
  assert.deepEqual(live.errors, [])
  assert.deepEqual(await findings(live.page), [])
  await live.page.close()

  await encoder.stop('SIGINT')
  await waitEnded(server, assetId)
  const replay = await hover(`/watch/${assetId}`, `/vod/${assetId}/poster.jpg`, assetId)
  assert.equal(await replay.page.locator('video').getAttribute('poster'), `${server.http}/vod/${assetId}/poster.jpg`)
  assert.deepEqual(replay.errors, [])
  assert.deepEqual(await findings(replay.page), [])
  if (process.env['SCREENSHOTS'] !== undefined) {
    await replay.page.screenshot({ path: `${process.env['SCREENSHOTS']}/hover.png` })
  }
  await replay.page.close()

  const embed = await browser.newPage()
  await embed.goto(`${server.http}/watch/${assetId}/embed`)
  await embed.waitForFunction(
    () => (document.querySelector('bandstand-player')?.shadowRoot?.querySelector('video')?.currentTime ?? 0) > 0,
  )
  await embed.close()
})
