import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createLiveHandler } from '@bandstand/engine/http/live.ts'
import { createFakeBroadcast } from '@bandstand/engine/http/live-fixture.ts'
import { asResponse } from '@bandstand/engine/http/message.ts'
import { outboxFigures } from '@bandstand/engine/http/outbox.ts'
import { createHttpServer } from '@bandstand/engine/http/server.ts'
import { createTrustProxy, createViewerCounter, viewerKey } from '@bandstand/engine/http/viewers.ts'

/**
 * Delivery alone, without an encoder: a live stream of 2.5 Mbit/s in parts of a third of a second, for `viewers.ts`. Prints
 * its address, then its own figures every five seconds. `--tls` for HTTP/2.
 */
const fake = createFakeBroadcast({ targetDuration: 4, partBytes: { v1: 100_000, a2: 5_400 } })
for (let i = 0; i < 60; i++) fake.advance()
const viewers = createViewerCounter({ now: () => performance.now() })
const trusted = createTrustProxy([])
const live = createLiveHandler({
  find: () => fake.broadcast,
  seen: (channel, req, query) => viewers.seen(channel, viewerKey(req, query, trusted)),
})
const fixture = (name: string) => readFileSync(new URL(import.meta.resolve(`@bandstand/engine/http/fixtures/${name}`)))
const server = createHttpServer({
  handlers: [live.handle],
  fallback: (_req, res) => {
    asResponse(res).writeHead(404, [])
    res.end()
  },
  limits: { connectionsPerAddress: 10_000 },
  ...(process.argv.includes('--tls') && {
    tls: { cert: fixture('localhost.cert.pem'), key: fixture('localhost.key.pem') },
  }),
})
const { port } = await server.listen(0, '127.0.0.1')
console.log(`${process.argv.includes('--tls') ? 'https' : 'http'}://localhost:${port}/live/main/index.m3u8`)
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
let cpu = process.cpuUsage()
setInterval(() => fake.advance(), 333)
setInterval(() => {
  const used = process.cpuUsage(cpu)
  cpu = process.cpuUsage()
  console.log({
    cpu: Math.round((used.user + used.system) / 50_000) / 100,
    rss: Math.round(process.memoryUsage.rss() / 1e6),
    delayP99: Math.round(delay.percentile(99) / 1e4) / 100,
    delayMax: Math.round(delay.max / 1e4) / 100,
    waiting: live.waiting(),
    connections: server.connections(),
    ...outboxFigures,
  })
  delay.reset()
}, 5_000)
