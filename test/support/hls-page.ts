import type { Page } from 'playwright-core'

export interface HlsOptions {
  readonly url: string
  readonly lowLatency: boolean
  /** Bits a second that it believes to have at first. */
  readonly estimate: number
}

/**
 * Starts hls.js as its makers publish it in a page of `servePlayerPage`: `hls` there, `seen` what is shown, errors in `lines`.
 * Resolves when pictures are shown.
 */
export async function startHls(page: Page, { url, lowLatency, estimate }: HlsOptions): Promise<void> {
  await page.evaluate(`(async () => {
    const video = document.querySelector('video')
    const hls = (globalThis.hls = new Hls({ lowLatencyMode: ${lowLatency}, abrEwmaDefaultEstimate: ${estimate} }))
    hls.on(Hls.Events.ERROR, (_, data) => lines.push('error ' + data.details + (data.fatal ? ' fatal' : '')))
    globalThis.seen = watch(video)
    hls.loadSource(${JSON.stringify(url)})
    hls.attachMedia(video)
    video.muted = true
    video.play().catch(() => {})
    for (const end = performance.now() + 60_000; seen.shown.length < 2; ) {
      if (performance.now() > end) throw new Error('no picture: ' + seen.state())
      await new Promise((done) => setTimeout(done, 20))
    }
  })()`)
}
