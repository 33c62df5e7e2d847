import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

/** Holds the pointer over the player's bar until there is a picture above it. */
export async function hoverOverBar(page: Page): Promise<Locator> {
  const bar = page.locator('bandstand-rewind-bar input')
  await bar.waitFor({ timeout: 60_000 })
  const shown = page.locator('bandstand-rewind-bar output i')
  const end = performance.now() + 60_000
  // The controls hide while nothing moves.
  for (let i = 0; (await shown.count()) === 0; i++) {
    assert.ok(performance.now() < end, 'no picture above the bar')
    await bar.hover({ position: { x: 300 + (i % 200), y: 12 }, force: true })
    await page.waitForTimeout(50)
  }
  return shown
}
