import { type Browser, type Page, chromium as playwright } from 'playwright-core'
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

/**
 * What drops down from the address bar is a page of its own (Chromium 156), made for every window: that takes more of a processor than
 * to open the page which is tested, at the moment in which that begins.
 */
const omnibox = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup']

/** What Playwright 1.65 leaves out. The last list of such features counts alone, so that a list of ours has to have them too. */
const playwrights = [
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
]

/** Each with a window, if it had a screen. */
const whole = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const

/**
 * Headless Chromium of the system, or the one that BANDSTAND_CHROMIUM names, as `npm test` does. Close it at the end of the test.
 *
 * @param without further features of Chromium's that it is to do without
 */
export function chromium(args: readonly string[] = [], without: readonly string[] = []): Promise<Browser> {
  const named = process.env['BANDSTAND_CHROMIUM'] ?? ''
  return playwright.launch({
    executablePath: named === '' ? findProgram(...whole, 'chromium-headless-shell') : named,
    // The sandbox does not work for root, and there the tests run only pages of our own.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...flags, `--disable-features=${[...playwrights, ...omnibox, ...without].join(',')}`, ...args],
    timeout: 120_000,
  })
}

/** For tests of the browser's own HLS. @throws the line that installs a Chromium with it, where this one has none */
export async function expectOwnHls(page: Pick<Page, 'evaluate'>): Promise<void> {
  const answer = await page.evaluate("document.createElement('video').canPlayType('application/vnd.apple.mpegurl')")
  if (answer !== '') return
  throw new Error(
    'this Chromium has no HLS of its own, as 142 and later have. Install one: apt-get install -y chromium',
  )
}
