import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { pictureAge } from '../../test/support/clock-picture.ts'

/** Looks through shadow roots: the player's video is inside custom elements. */
const findVideo = `(function find(root) {
  for (const element of root.querySelectorAll('*')) {
    if (element.tagName === 'VIDEO') return element
    const inner = element.shadowRoot && find(element.shadowRoot)
    if (inner) return inner
  }
  return null
})(document)`

/** Records, from the page's first moment on, when the first frame was shown: `performance.now()` in the page. */
export async function watchFirstFrame(page: Page): Promise<void> {
  await page.addInitScript(`
    const timer = setInterval(() => {
      const video = ${findVideo}
      if (!video) return
      clearInterval(timer)
      video.requestVideoFrameCallback((now) => { globalThis.firstFrameAt = now })
    }, 5)`)
}

/** ms from the navigation's start to the first frame. Polled from outside: the page's own policy allows no evaluated text. */
export async function firstFrame(page: Page, limit = 20_000): Promise<number> {
  const deadline = Date.now() + limit
  for (;;) {
    const at = await page.evaluate<number | null>('globalThis.firstFrameAt ?? null')
    if (at !== null) return at
    if (Date.now() > deadline) throw new Error('the page showed no picture')
    await sleep(20)
  }
}

/** Age in ms of the clock picture that is on the screen now. */
export async function shownAge(page: Page): Promise<number | undefined> {
  return page.evaluate<number | undefined>(`(${pictureAge})(${findVideo})`)
}
