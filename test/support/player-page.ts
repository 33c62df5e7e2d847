import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Expected, findInterruptions, type Playback } from './continuity.ts'
import { starving, watchStarving } from './usage.ts'

const resolve = createRequire(import.meta.url).resolve

/** Players as their makers publish them. */
const scripts: Readonly<Record<string, string>> = {
  '/hls.js': 'hls.js/dist/hls.js',
  '/shaka.js': 'shaka-player/dist/shaka-player.compiled.js',
  '/dash.js': 'dashjs',
}

/**
 * Runs in the page: `watch(video)` writes down each picture that is shown and each time the player waits, `listen` measures
 * sound. Text, because the page has no other source.
 */
const watcher = `
globalThis.lines = []
globalThis.log = (level) => (...values) => lines.push(level + ' ' + values.map((v) => {
  if (v instanceof Error) return v.name + ': ' + v.message
  try { return typeof v === 'object' ? JSON.stringify(v) : String(v) } catch { return String(v) }
}).join(' '))
globalThis.watch = (video) => {
  const seen = { shown: [], waiting: [], loudest: 0 }
  const canvas = document.createElement('canvas')
  canvas.width = 32
  canvas.height = 18
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const onFrame = (at, { mediaTime: media }) => {
    context.drawImage(video, 0, 0, 32, 18)
    const { data } = context.getImageData(0, 0, 32, 18)
    let look = 0
    for (let i = 0; i < data.length; i += 4) look = (look * 31 + data[i] + data[i + 1] * 7 + data[i + 2] * 13) | 0
    seen.shown.push({ media, at, decoded: video.getVideoPlaybackQuality().totalVideoFrames, look })
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
  video.addEventListener('waiting', () => seen.waiting.push(performance.now()))
  seen.state = () => {
    const { currentTime, readyState, paused, buffered } = video
    const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)])
    return JSON.stringify({ currentTime, readyState, paused, buffered: ranges, lines: lines.slice(-20) })
  }
  return seen
}
globalThis.listen = async (video, seen) => {
  const audio = new AudioContext({ latencyHint: 'interactive' })
  const code = 'registerProcessor("meter", class extends AudioWorkletProcessor {' +
    'process(inputs) { let peak = 0; for (const v of inputs[0][0] ?? []) peak = Math.max(peak, Math.abs(v));' +
    'this.port.postMessage(peak); return true } })'
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
  const source = audio.createMediaElementSource(video)
  const meter = new AudioWorkletNode(audio, 'meter')
  source.connect(meter)
  source.connect(audio.destination)
  await audio.resume()
  meter.port.onmessage = ({ data: peak }) => { seen.loudest = Math.max(seen.loudest, peak) }
}`

/** Lets any page write down what its video shows. @param video expression for the element */
export async function watchVideo(page: Page, video: string): Promise<void> {
  await page.evaluate(watcher)
  await page.evaluate(`void (globalThis.seen = watch(${video}))`)
}

/** What the page's `seen = watch(video)` writes down within the next `ms`. */
export async function recordPlayback(page: Page, ms: number): Promise<Playback> {
  const from = await page.evaluate<{ at: number; shown: number; waiting: number }>(
    '({ at: performance.now(), shown: seen.shown.length, waiting: seen.waiting.length })',
  )
  const watched = watchStarving()
  await sleep(ms)
  const starved = watched()
  return page.evaluate<Playback>(
    `({ from: ${from.at}, to: performance.now(), shown: seen.shown.slice(${from.shown}),
      waiting: seen.waiting.slice(${from.waiting}), starved: ${starved} })`,
  )
}

/** How long it is given to become less busy, ms. */
const patience = 60_000

/**
 * The page's video plays on for `ms` without an interruption. A fault counts at once, unless this machine was overloaded
 * meanwhile: then it is measured anew for a while.
 *
 * @param settling ms that the player may take to come back from what the test did to it; none unless it says so
 * @returns what was wrong before it played on, a line for each try
 */
export async function assertPlaysOn(
  page: Page,
  ms: number,
  expected: Expected,
  settling = 0,
): Promise<readonly string[]> {
  const begun = performance.now()
  const before: string[] = []
  for (;;) {
    const playback = await recordPlayback(page, ms)
    const faults = findInterruptions(playback, expected)
    if (faults.length === 0) return before
    const elapsed = performance.now() - begun
    before.push(`${faults.join(', ')}; something waited for a processor in ${Math.round(playback.starved * 100)} %`)
    if (elapsed < settling || (playback.starved > starving && elapsed < settling + patience)) continue
    const share = Math.round(playback.starved * 100)
    const state = await page.evaluate<string>('seen.state()')
    assert.deepEqual(faults, [], `something waited for a processor in ${share} % of the time; ${state}`)
  }
}

export interface PlayerPage {
  readonly url: string
  /** A page with an empty video, the watcher and the players' scripts. */
  open(browser: Browser): Promise<Page>
  /** Such a page with a player in it that shows pictures. @param load the player's code, with `video` in hand */
  play(browser: Browser, load: string): Promise<Page>
  close(): Promise<void>
}

/** Serves a bare page for other people's players: what they do with our streams, without our page around them. */
export async function servePlayerPage(): Promise<PlayerPage> {
  const server = createServer((req, res) => {
    const path = (req.url ?? '/').split('?')[0] ?? '/'
    const script = scripts[path]
    if (script !== undefined) {
      void readFile(resolve(script)).then((text) => {
        res.writeHead(200, { 'content-type': 'text/javascript' })
        res.end(text)
      })
      return
    }
    if (path !== '/') {
      res.writeHead(path === '/favicon.ico' ? 204 : 404).end()
      return
    }
    res.writeHead(200, { 'content-type': 'text/html' })
    res.end(
      `<!doctype html><title>player</title><script>${watcher}</script><script src="/hls.js"></script><script src="/shaka.js"></script><script src="/dash.js"></script><video crossorigin="anonymous" playsinline width="160"></video>`,
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  async function open(browser: Browser): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(url)
    return page
  }
  return {
    url,
    open,
    async play(browser, load) {
      const page = await open(browser)
      await page.evaluate(`(async () => {
        const video = document.querySelector('video')
        globalThis.seen = watch(video)
        const play = async () => {
          ${load}
          video.muted = true
          await video.play()
          while (seen.shown.length < 2) await new Promise((done) => setTimeout(done, 20))
        }
        const late = new Promise((_, reject) => setTimeout(() => {
          const fetched = performance.getEntriesByType('resource').slice(-8).map((one) => [one.name, one.responseStatus, one.startTime, one.responseEnd])
          reject(new Error('no picture: ' + seen.state() + JSON.stringify(fetched)))
        }, 60_000))
        await Promise.race([play(), late])
      })()`)
      return page
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
