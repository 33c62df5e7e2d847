import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, ownerPassword, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { shoot } from '../support/our-player.ts'
import { getChannel } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'
import { fakeDevices } from '../support/whip-page.ts'
import { findings } from './axe.ts'

/** The page to go live from, with a real server and devices that are none. */

let server: Bandstand
let browser: Browser

before(async () => {
  server = await startBandstand()
  browser = await chromium(fakeDevices)
})
after(async () => {
  await browser?.close()
  await server?.stop()
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
})

async function open(size = { width: 1280, height: 900 }, own = browser): Promise<Page> {
  const context = await own.newContext({ viewport: size, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('dialog', (dialog) => void dialog.accept())
  await page.goto(`${server.http}/studio/live`)
  await page.getByLabel('Owner’s password').fill(ownerPassword)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What is sent' }).waitFor()
  return page
}

const turnOn = (page: Page) => page.getByRole('button', { name: 'Turn on camera and microphone' }).click()
const isLive = async () => (await getChannel(server, 'main')).live

/** Small pictures: the machine encodes them too. */
async function goLive(page: Page): Promise<void> {
  await page.getByLabel(/^Size/).selectOption('360p')
  await turnOn(page)
  await page.getByRole('button', { name: 'Go live' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await waitFor('the channel to be live', isLive)
}

test('camera and microphone go live and stop again; health is shown, and the key is nowhere', async () => {
  const page = await open()
  const addresses: string[] = []
  page.on('request', (request) => void addresses.push(request.url()))
  await goLive(page)
  await page.locator('bandstand-live .badge.live').waitFor()
  await waitFor('a picture in the preview', () =>
    page.locator('bandstand-live video').evaluate((video: HTMLVideoElement) => video.videoWidth > 0),
  )
  // Chromium's microphone beeps once a second: looked at with every frame, a level is not missed.
  await page.waitForFunction(() => {
    const meter = document.querySelector('bandstand-live')?.shadowRoot?.querySelector('meter')
    return (meter?.value ?? 0) > 0
  })
  // A browser that waits for a processor sends smaller pictures, for half a minute and more.
  await page
    .locator('studio-live-health')
    .getByText(/(640 × 360|480 × 270|320 × 180)/)
    .waitFor()
  assert.deepEqual(await findings(page), [])
  await shoot(page, 'go-live')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Go live' }).waitFor()
  await waitFor('the channel to be offline', async () => !(await isLive()))
  assert.deepEqual(
    addresses.filter((url) => url.includes('test-key')),
    [],
  )
})

test('when the line is cut the page connects again by itself', async () => {
  const page = await open()
  await goLive(page)
  const pid = Number(server.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])
  process.kill(pid, 'SIGKILL')
  const encoders = () => server.log().filter(({ msg }) => msg === 'whip: encoder connected').length
  const before = encoders()
  await waitFor('another connection', () => encoders() > before, 60_000)
  await page.locator('bandstand-live .badge.live').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
})

test('who is sent away is told why, and does not come back by itself', async () => {
  const page = await open()
  await page.route('**/live/main/whip', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'in-use', detail: 'this channel is live from another encoder' }),
    }),
  )
  await turnOn(page)
  await page.getByRole('button', { name: 'Go live' }).click()
  await page.getByRole('alert').getByText('This channel is live from another encoder.').waitFor()
  await page.getByRole('button', { name: 'Go live' }).waitFor()
})

test('without permission, and without devices, the page says what to do', async () => {
  const page = await open()
  for (const [name, text] of [
    ['NotAllowedError', 'The browser does not let this page use the camera.'],
    ['NotFoundError', 'No camera was found.'],
    ['NotReadableError', 'another program may have it'],
  ] as const) {
    await page.evaluate((refused) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', refused))
    }, name)
    await turnOn(page)
    await page.getByRole('alert').getByText(text).waitFor()
  }
})

test('on a phone nothing is wider than the screen, and axe finds nothing', async () => {
  const page = await open({ width: 390, height: 844 })
  await turnOn(page)
  await page.getByRole('button', { name: 'Go live' }).waitFor()
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  assert.ok(width <= 390, `${width} px`)
  assert.deepEqual(await findings(page), [])
  await shoot(page, 'go-live-phone')
})
