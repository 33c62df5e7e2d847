import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import { startBandstand } from '../test/support/bandstand.ts'
import { waitFor } from '../test/support/wait.ts'
import { createChannels } from './support/channels.ts'
import { makeClip } from './support/clips.ts'
import { follow } from './support/follower.ts'
import { readProcess } from './support/metrics.ts'
import { report, slope } from './support/report.ts'

/**
 * An hour of what servers live through: encoders that drop out and come back, viewers that come and go. What is left
 * over each time shows as a slope of memory between the first tenth of the time and its end.
 */
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    publishers: { type: 'string', default: '4' },
    viewers: { type: 'string', default: '40' },
  },
})
const minutes = Number(options.minutes)
const clip = readClip(readFileSync(await makeClip({ seconds: 20, bitrate: 2500 })))
const server = await startBandstand({
  ffmpeg: true,
  limit: (minutes + 10) * 60_000,
  // Small, so that retention deletes all the time.
  args: ['--recording-max-gb', '0.2', '--recording-min-free-gb', '0'],
})
const keys = await createChannels(server, Number(options.publishers))
const { hostname, port } = new URL(server.rtmp.replace(/^rtmp:/, 'http:'))
const end = performance.now() + minutes * 60_000
const running = () => performance.now() < end
const trouble: string[] = []

const publishers = keys.map((key) =>
  publishFlv({
    ...{ host: hostname, port: Number(port), app: 'live', key, clip, realtime: true, loop: true },
    reconnectMs: 2000,
  }),
)

/** Every encoder loses its connection once in 20 to 60 s, and is back within the reconnect window. */
async function disturb(): Promise<void> {
  while (running()) {
    await sleep((20_000 + Math.random() * 40_000) / publishers.length)
    publishers[Math.floor(Math.random() * publishers.length)]?.disconnect()
  }
}

/** Comes for 10 to 60 s, again and again, to any of the channels. */
async function watch(): Promise<void> {
  while (running()) {
    const slug = `bench-${Math.floor(Math.random() * keys.length)}`
    const leave = performance.now() + 10_000 + Math.random() * 50_000
    const leaves = () => performance.now() > leave || !running()
    const complain = (line: string) => void trouble.push(line)
    await follow({ http: server.http, slug, leaves, trouble: complain }).catch((error: unknown) =>
      complain(String(error)),
    )
    await sleep(Math.random() * 2000)
  }
}

const points: { x: number; heap: number; external: number; rss: number }[] = []
let worst = { p99: 0, max: 0 }
async function sample(): Promise<void> {
  const begun = performance.now()
  while (running()) {
    await sleep(Math.min(10_000, minutes * 1000))
    const { memory, loopDelay: delay } = await readProcess(server.http)
    const x = (performance.now() - begun) / 60_000
    points.push({ x, ...memory })
    worst = { p99: Math.max(worst.p99, delay.p99), max: Math.max(worst.max, delay.max) }
    if (points.length % 30 === 1)
      console.log(
        `${x.toFixed(0)} min: heap ${Math.round(memory.heap / 1e6)}, external ${Math.round(memory.external / 1e6)}, resident ${Math.round(memory.rss / 1e6)} MB`,
      )
  }
}

// Before its first part a channel has nothing to watch.
for (const index of keys.keys())
  await waitFor('a playlist', async () => (await fetch(`${server.http}/live/bench-${index}/index.m3u8`)).ok)
await Promise.all([disturb(), sample(), ...Array.from({ length: Number(options.viewers) }, watch)])
const reconnects = publishers.reduce((sum, publisher) => sum + publisher.accepted, 0)
await Promise.all(publishers.map((publisher) => publisher.stop()))
await server.stop()

const settled = points.filter(({ x }) => x >= minutes / 6)
for (const field of ['heap', 'external', 'rss'] as const) {
  const perHour = slope(settled.map((point) => ({ x: point.x / 60, y: point[field] }))) / 1e6
  report({
    what: `${minutes} minutes, ${reconnects} encoder connections: slope of ${field}`,
    measured: `${perHour.toFixed(1)} MB/h`,
    must: '< 5 MB/h',
    ok: perHour < 5,
  })
}
report({
  what: 'event-loop delay, worst 10 s, p99 / max',
  measured: `${worst.p99.toFixed(1)} / ${worst.max.toFixed(1)} ms`,
  must: '20 / 100 ms',
  ok: worst.p99 <= 20 && worst.max <= 100,
})
report({ what: 'requests that failed', measured: String(trouble.length), must: '0', ok: trouble.length === 0 })
for (const line of trouble.slice(0, 10)) console.log(`  ${line}`)
