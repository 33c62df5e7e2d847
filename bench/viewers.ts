import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createAudience } from './viewers/audience.ts'
import { startOver, summarise } from './viewers/figures.ts'
import { view } from './viewers/viewer.ts'

/**
 * Many low-latency HLS players against one address: blocking playlist reload, preload-hinted parts, every rendition, every
 * byte counted. Light enough not to measure itself: bare sockets, and a playlist that many receive is parsed once.
 *
 *     node bench/viewers.ts URL [--viewers 1000] [--seconds 30] [--json]
 *
 * With https they use HTTP/2, one connection for each viewer.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    viewers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
})
const origin = new URL(positionals[0] ?? 'http://127.0.0.1:8080/live/main/index.m3u8')
const viewers = Number(values.viewers)
const seconds = Number(values.seconds)
const audience = createAudience(origin)
const { figures } = audience

const all: Promise<void>[] = []
// They come in over two seconds, or the handshakes would be what is measured.
for (let i = 0; i < viewers; i++) {
  all.push(view(audience))
  if (i % 20 === 19) await pause((20 / viewers) * 2_000)
}
const warmUp = 2_000
await pause(warmUp)
startOver(figures)
console.log('measuring')
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()
const cpu = process.cpuUsage()
const started = performance.now()
await pause(seconds * 1000)
const elapsed = (performance.now() - started) / 1000
const used = process.cpuUsage(cpu)
loop.disable()
console.log('measured')
// Whoever reads the server's figures does so before thousands of connections are closed.
await pause(500)
audience.on = false
for (const close of audience.closers) close()
await Promise.race([Promise.all(all), pause(1_000)])
const report = {
  viewers,
  seconds: Math.round(elapsed),
  http: origin.protocol === 'https:' ? 2 : 1,
  playlistsPerSecond: Math.round(figures.playlists / elapsed),
  partsPerSecond: Math.round(figures.parts / elapsed),
  megabitsPerSecond: Math.round((figures.bytes * 8) / elapsed / 1e6),
  /** Milliseconds after the first viewer had the part. */
  spread: summarise(figures.spreads),
  /** Milliseconds after the last frame of the part, by its program date time. */
  delay: summarise(figures.delays),
  stalls: figures.stalls,
  errors: Object.fromEntries(figures.errors),
  generatorDelay: { p99: Math.round(loop.percentile(99) / 1e5) / 10, max: Math.round(loop.max / 1e5) / 10 },
  generatorCpu: Math.round(((used.user + used.system) / 1e6 / elapsed) * 100) / 100,
}
console.log(values.json ? JSON.stringify(report) : report)
process.exit(figures.errors.size > 0 ? 1 : 0)
