import { type Browser, chromium as playwright } from 'playwright-core'
import { findProgram } from './programs.ts'

/** Flags that make Chromium play by itself and alone: no gesture for sound, no throttling of hidden pages. */
const flags = [
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-dev-shm-usage',
  '--mute-audio',
]

/** Headless Chromium of the system, or the one that BANDSTAND_CHROMIUM names. Close it at the end of the test. */
export function chromium(args: readonly string[] = []): Promise<Browser> {
  const named = process.env['BANDSTAND_CHROMIUM'] ?? ''
  return playwright.launch({
    executablePath:
      named === '' ? findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') : named,
    // The sandbox does not work for root, and there the tests run only pages of our own.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...flags, ...args],
    timeout: 30_000,
  })
}
