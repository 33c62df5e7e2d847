import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'

const resolve = createRequire(import.meta.url).resolve

/** Players as their makers publish them. */
const scripts: Readonly<Record<string, string>> = {
  '/hls.js': 'hls.js/dist/hls.js',
  '/shaka.js': 'shaka-player/dist/shaka-player.compiled.js',
}

/**
 * Runs in the page: `watch(video)` counts pictures and how often they differ, finds white flashes on black and measures
 * sound. Text, because the page has no other source.
 */
const watcher = `
globalThis.lines = []
globalThis.log = (level) => (...values) => lines.push(level + ' ' + values.map((v) => {
  if (v instanceof Error) return v.name + ': ' + v.message
  try { return typeof v === 'object' ? JSON.stringify(v) : String(v) } catch { return String(v) }
}).join(' '))
globalThis.watch = (video) => {
  const seen = { frames: 0, changes: 0, flashes: [], beeps: [], loudest: 0 }
  const canvas = document.createElement('canvas')
  canvas.width = 32
  canvas.height = 18
  const context = canvas.getContext('2d', { willReadFrequently: true })
  let before = -1
  let wasWhite = true
  const onFrame = (now, facts) => {
    context.drawImage(video, 0, 0, 32, 18)
    const { data } = context.getImageData(0, 0, 32, 18)
    let hash = 0
    let sum = 0
    for (let i = 0; i < data.length; i += 4) {
      hash = (hash * 31 + data[i] + data[i + 1] * 7 + data[i + 2] * 13) | 0
      sum += data[i]
    }
    seen.frames++
    if (hash !== before) seen.changes++
    before = hash
    const isWhite = sum / (data.length / 4) > 128
    if (isWhite && !wasWhite) seen.flashes.push({ media: facts.mediaTime, at: facts.expectedDisplayTime })
    wasWhite = isWhite
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
  return seen
}
globalThis.listen = async (video, seen) => {
  const audio = new AudioContext({ latencyHint: 'interactive' })
  const code = 'registerProcessor("meter", class extends AudioWorkletProcessor {' +
    'process(inputs) { let peak = 0; let first = -1; const c = inputs[0][0] ?? [];' +
    'for (let i = 0; i < c.length; i++) { const v = Math.abs(c[i]); if (v > 0.1 && first < 0) first = i; if (v > peak) peak = v }' +
    'this.port.postMessage({ peak, at: currentTime + Math.max(0, first) / sampleRate }); return true } })'
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
  const source = audio.createMediaElementSource(video)
  const meter = new AudioWorkletNode(audio, 'meter')
  source.connect(meter)
  source.connect(audio.destination)
  await audio.resume()
  let quiet = 0
  meter.port.onmessage = ({ data }) => {
    seen.loudest = Math.max(seen.loudest, data.peak)
    if (data.peak < 0.1) { quiet++; return }
    if (quiet > 30) {
      const { contextTime, performanceTime } = audio.getOutputTimestamp()
      seen.beeps.push({ at: performanceTime + (data.at - contextTime) * 1000 })
    }
    quiet = 0
  }
}`

export interface PlayerPage {
  readonly url: string
  /** A page with an empty video, the watcher and the players' scripts. */
  open(browser: Browser): Promise<Page>
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
      `<!doctype html><title>player</title><script>${watcher}</script><script src="/hls.js"></script><script src="/shaka.js"></script><video crossorigin="anonymous" playsinline width="640"></video>`,
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    async open(browser) {
      const page = await browser.newPage()
      await page.goto(url)
      return page
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
