import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { longOnly } from '../support/long.ts'
import { fakeDevices } from '../support/whip-page.ts'
import { colourFindings, findings } from './axe.ts'
import { type Clip, makeClip } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { createMockStream } from './mock/stream.ts'
import { mockChannel, mockKey, mockMessage } from './mock/values.ts'

/** WCAG 2.2 AA as far as a program can see it, on each page, in both colour schemes and both widths. */

let mock: MockServer
let clip: Clip
let browser: Browser

before(async () => {
  mock = await startMockServer()
  mock.messages.push(
    mockMessage('Mira', 'hello, see https://example.com'),
    mockMessage('Host', 'welcome', { owner: true }),
  )
  mock.keys.push(mockKey('Camera 2', { inUse: true }), mockKey('', { expiresAt: '2026-01-02T20:00:00.000Z' }))
  mock.channels.set('other', { ...mockChannel('other'), title: 'Other' })
  const asset = { channel: 'main', title: 'Yesterday', live: false, startedAt: '2026-01-01T20:00:00.000Z' }
  mock.assets.set('as_old', {
    ...asset,
    id: 'as_old',
    endedAt: '2026-01-01T21:00:00.000Z',
    duration: 3_600_000,
    bytes: 9e8,
  })
  clip = await makeClip(120, 60)
  browser = await chromium(fakeDevices)
})
after(async () => {
  await browser.close()
  await mock.close()
})
let broadcasts = 0
beforeEach(() => mock.goLive('main', createMockStream(clip, `as_${++broadcasts}`, Date.now() - 15_000)))

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const

test('the sign of waiting stands still for who asked for less motion', async () => {
  const look = async (reducedMotion: 'no-preference' | 'reduce') => {
    const page = await browser.newPage({ reducedMotion })
    // Never answered, so that the player waits.
    await page.route(/\.m3u8/, () => undefined)
    await page.goto(`${mock.url}/@main`)
    const spinner = page.locator('bandstand-player .spinner')
    await spinner.waitFor()
    const running = await spinner.evaluate((element) => element.getAnimations().length)
    await page.close()
    return running
  }
  assert.deepEqual(await Promise.all([look('no-preference'), look('reduce')]), [1, 0])
})

/** In both colour schemes; in the second one what depends on colours, for they are all that it changes. */
async function inBoth(page: Page, look: (colorScheme: string, find: typeof findings) => Promise<void>): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' })
  await look('dark', findings)
  await page.emulateMedia({ colorScheme: 'light' })
  await look('light', colourFindings)
}

for (const [size, viewport] of Object.entries(sizes)) {
  const open = () => browser.newPage({ viewport, colorScheme: 'dark', reducedMotion: 'reduce' })

  test(`axe finds nothing on the viewer's pages, light and dark, ${size}`, async () => {
    const page = await open()
    for (const path of ['/', '/@main', '/@other', '/@main/embed', '/@main/chat', '/watch/as_old', '/@nobody']) {
      await page.goto(mock.url + path)
      await page.waitForTimeout(400)
      await inBoth(page, async (scheme, find) => assert.deepEqual(await find(page), [], `${path}, ${scheme}`))
    }
    await page.close()
  })

  test(
    `axe finds nothing in the player's menu, light and dark, ${size}`,
    size === 'phone' ? {} : longOnly,
    async () => {
      const page = await open()
      await page.goto(`${mock.url}/@main`)
      await page.getByRole('button', { name: 'Quality and delay' }).click()
      await page.getByRole('menu').waitFor()
      const popup = page.locator('bandstand-settings-menu .popup')
      await inBoth(page, async (scheme, find) => {
        assert.deepEqual(await find(page), [], scheme)
        const colour = await popup.evaluate((element) => getComputedStyle(element).backgroundColor)
        assert.match(colour, /^rgb\(/, 'nothing shines through')
        const box = await popup.boundingBox()
        const inside = box && box.x >= 0 && box.y >= 0 && box.x + box.width <= viewport.width
        assert.ok(inside && box.y + box.height <= viewport.height, 'all of it is on the screen')
      })
      await page.close()
    },
  )

  test(`axe finds nothing in the studio, light and dark, ${size}`, size === 'phone' ? {} : longOnly, async () => {
    mock.owner = false
    const page = await open()
    await page.goto(`${mock.url}/studio`)
    await page.locator('input[type=password]').waitFor()
    const assertNothing = (what: string) =>
      inBoth(page, async (scheme, find) => assert.deepEqual(await find(page), [], `${what}, ${scheme}`))
    await assertNothing('sign in')
    await page.keyboard.type('open sesame')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Recordings' }).waitFor()
    await page.waitForTimeout(300)
    await page.getByText('Other encoders').click()
    await page.getByRole('button', { name: 'Show Camera 2' }).click()
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByLabel('Key for a guest', { exact: true }).waitFor()
    await assertNothing('studio')
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(width <= viewport.width, 'nothing is wider than the screen')
    await page.getByRole('button', { name: 'New channel' }).click()
    await assertNothing('new channel')
    await page.goto(`${mock.url}/studio/live`)
    await page.getByRole('button', { name: 'Turn on camera and microphone' }).click()
    await page.getByRole('button', { name: 'Go live' }).waitFor()
    await assertNothing('go live')
    await page.close()
  })
}
