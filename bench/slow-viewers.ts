import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand, streamKey } from '../test/support/bandstand.ts'
import { sampleUsage } from '../test/support/usage.ts'
import { makeClip } from './support/clips.ts'
import { readMetrics } from './support/metrics.ts'
import { startPublishers } from './support/publishers.ts'
import { megabytes, report } from './support/report.ts'
import { runViewers } from './support/viewers.ts'

/**
 * Viewers that stop reading among viewers that do not: the others notice nothing, and the server's memory stays bounded.
 * Each stopped one holds four connections with more unread segments than the kernel takes, and comes back when it is cut off.
 *
 *   node bench/slow-viewers.ts [--stopped 50] [--viewers 100] [--seconds 60]
 */
const { values: options } = parseArgs({
  options: {
    stopped: { type: 'string', default: '50' },
    viewers: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
  },
})
const [stopped, viewers, seconds] = [options.stopped, options.viewers, options.seconds].map(Number) as [
  number,
  number,
  number,
]
/** Segments of 0.6 MB: more than Linux lets a socket hold by default, 4 MB. */
const unread = 12
const clip = await makeClip({ seconds: 20, bitrate: 2370 })
const server = await startBandstand({
  ffmpeg: true,
  limit: 600_000,
  args: ['--max-http-connections-per-address', '100000'],
})
try {
  const publishers = await startPublishers(clip, server.rtmp, [streamKey])
  await sleep(10_000)
  const sampler = sampleUsage([server.pid])
  const alone = await runViewers(`${server.http}/live/main/index.m3u8`, { viewers, seconds: 10 }, nothing())
  const before = sampler.stop()
  const crowd = await stop(server.http, stopped * 4)
  const during = sampleUsage([server.pid])
  let pending = 0
  const watch = setInterval(() => {
    void readMetrics(server.http).then((metrics) => {
      pending = Math.max(pending, metrics.get('bandstand_http_pending_bytes') ?? 0)
    })
  }, 500)
  const beside = await runViewers(`${server.http}/live/main/index.m3u8`, { viewers, seconds }, nothing())
  clearInterval(watch)
  const after = during.stop()
  const cut = (await readMetrics(server.http)).get('bandstand_http_over_deadline') ?? Number.NaN
  crowd.close()
  await publishers.stop()
  const errors = (run: typeof alone) => Object.values(run.errors).reduce((sum, count) => sum + count, 0)
  const what = `${viewers} viewers beside ${stopped} that stopped reading`
  report({
    what: `${what}: errors, stalls of those who read`,
    measured: `${errors(beside)}, ${beside.stalls} (before: ${errors(alone)}, ${alone.stalls})`,
    must: '0',
    ok: errors(beside) === 0 && beside.stalls === 0,
  })
  report({
    what: `${what}: last frame of a part → all of it with a viewer, p50 / p99`,
    measured: `${beside.delay.p50} / ${beside.delay.p99} ms (before: ${alone.delay.p50} / ${alone.delay.p99} ms)`,
  })
  report({
    what: `${what}: peak memory; bytes not taken; answers cut off`,
    measured: `${megabytes(after.peakRss)} (before: ${megabytes(before.peakRss)}); ${megabytes(pending)}; ${cut}`,
    must: '450 MB',
    ok: after.peakRss <= 450e6 && cut > 0,
  })
} finally {
  await server.stop()
}

function nothing() {
  return { begin: async () => {}, end: async () => {} }
}

/** Opens connections that ask for the newest segment again and again and read nothing. */
async function stop(http: string, connections: number): Promise<{ close(): void }> {
  const { hostname, port } = new URL(http)
  const sockets = new Set<Socket>()
  let open = true
  const segment = async (): Promise<string> => {
    const top = await (await fetch(`${http}/live/main/index.m3u8`)).text()
    const media = /^[^#\s].*$/m.exec(top)?.[0] ?? ''
    const url = new URL(media, `${http}/live/main/`)
    const uri = (await (await fetch(url)).text()).split('\n').findLast((line) => /^s\d/.test(line)) ?? ''
    return new URL(uri, url).pathname
  }
  let path = await segment()
  const renewal = setInterval(() => void segment().then((newest) => (path = newest)), 2_000)
  const ask = () => {
    if (!open) return
    const socket = connect({ host: hostname, port: Number(port) })
    socket.pause()
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      setTimeout(ask, 500)
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`.repeat(unread))
    // A paused socket does not notice its end; it looks once the server's patience is over.
    setTimeout(() => socket.resume(), 15_000).unref()
  }
  for (let index = 0; index < connections; index += 1) ask()
  await sleep(1_000)
  return {
    close() {
      open = false
      clearInterval(renewal)
      for (const socket of sockets) socket.destroy()
    },
  }
}
