import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../test/support/bandstand.ts'
import { readUsage } from '../test/support/usage.ts'
import { megabytes, quantile, report } from './support/report.ts'

/** From the start of the process to the ready line, warm, and the memory of the server that nobody uses. */
const rounds = 7

const times: number[] = []
const memory: number[] = []
for (let round = 0; round <= rounds; round += 1) {
  const server = await startBandstand({ ffmpeg: true })
  await sleep(2000)
  // The first start also fills the machine's file cache.
  if (round > 0) {
    times.push(server.startedIn)
    memory.push(readUsage(server.pid).rss)
  }
  await server.stop()
}
const time = quantile(times, 0.5)
const rss = quantile(memory, 0.5)
report({
  what: 'start to ready, warm, p50',
  measured: `${Math.round(time)} ms`,
  must: '1000 ms (aim 600)',
  ok: time <= 1000,
})
report({
  what: 'memory idle, p50',
  measured: megabytes(rss),
  must: '150 MB (aim 120)',
  ok: rss <= 150e6,
})
