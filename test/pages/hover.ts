import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

/** Holds the pointer over the player's bar until there is a picture above it. */
export async function hoverOverBar(page: Page): Promise<Locator> {
  const bar = page.locator('bandstand-rewind-bar input')
  await bar.waitFor({ timeout: 20_000 })
  const shown = page.locator('bandstand-rewind-bar output i')
  // The controls hide while nothing moves.
  for (let x = 300; (await shown.count()) === 0; x++) {
    assert.ok(x < 500, 'no picture above the bar')
    await bar.hover({ position: { x, y: 12 }, force: true })
    await page.waitForTimeout(50)
  }
  return shown
}
