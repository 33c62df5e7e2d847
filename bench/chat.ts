import { type ChildProcess, fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPlatform } from '@bandstand/platform/platform.ts'
import Fastify from 'fastify'
import { megabytes, quantile, report } from './support/report.ts'

/**
 * What chatters cost: memory of 5,000 who are silent, and how long a message takes to reach 2,000 when ten are said a second.
 * Server, readers and this script are processes of their own; the server is the platform alone, without media.
 */
const idle = Number(process.env['IDLE'] ?? 5000)
const talking = Number(process.env['TALKING'] ?? 2000)
const perSecond = 10
const seconds = Number(process.env['SECONDS_EACH'] ?? 15)
const role = process.argv[2]

if (role === 'server') await serve()
else if (role === 'readers') await read()
else await measure()

async function serve(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bandstand-bench-'))
  const log = { debug() {}, info() {}, warn: console.error, error: console.error }
  const open = { burst: 1e6, interval: 1e-3 }
  const platform = await createPlatform({
    dataDir,
    settings: {},
    log,
    engine: {
      hasWebRtc: false,
      live: () => undefined,
      health: () => undefined,
      unrecorded: () => undefined,
      onKeysChanged() {},
      onChannelRenamed() {},
      async stopChannel() {},
      ladderEncoders: async () => [],
      async deleteAsset() {},
    },
    instance: {
      version: '0',
      facts: () => ({
        recording: { state: 'off', reason: null, bytes: 0, limitBytes: null },
        disk: null,
        publish: { rtmp: null, rtmps: null, srt: null, whip: false },
      }),
    },
    // All readers share one address here, and one of them says everything.
    chatLimits: {
      ...{ connections: 1e6, connectionsPerAddress: 1e6 },
      ...{ sayRate: open, addressRate: open, nameRate: open, frameRate: open },
    },
  })
  const app = Fastify()
  await platform.register(app)
  app.server.on('upgrade', (request, socket, head) => void platform.chat.upgrade(request, socket, head))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const delay = monitorEventLoopDelay({ resolution: 2 })
  process.on('message', async (message) => {
    if (message === 'mark') delay.reset()
    if (message === 'mark') delay.enable()
    const { rss } = process.memoryUsage()
    const cpu = process.cpuUsage()
    const loop = { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 }
    process.send?.({ rss, cpu: (cpu.user + cpu.system) / 1e6, loop, ...platform.chat.stats() })
    if (message !== 'stop') return
    await platform.close()
    rmSync(dataDir, { recursive: true, force: true })
    process.exit()
  })
  process.send?.((app.server.address() as AddressInfo).port)
}

/** Light readers: bare sockets that look for the time in what they are sent, so that they do not measure themselves. */
async function read(): Promise<void> {
  const port = Number(process.argv[3])
  const sockets: Socket[] = []
  const latencies: number[] = []
  let received = 0
  process.on('message', async (message: { open?: number; close?: true; say?: number }) => {
    for (let i = 0; i < (message.open ?? 0); i++) sockets.push(await openSocket(port))
    if (message.say !== undefined) {
      received = 0
      latencies.length = 0
      for (const socket of sockets) {
        socket.on('data', (bytes: Buffer) => {
          for (let at = bytes.indexOf('@t'); at >= 0; at = bytes.indexOf('@t', at + 2)) {
            received++
            latencies.push(Date.now() - Number(bytes.toString('latin1', at + 2, at + 15)))
          }
        })
      }
      for (let i = 0; i < message.say; i++) {
        sockets[i % sockets.length]?.write(maskedFrame({ type: 'say', text: `@t${Date.now()} hello`, clientId: 'c' }))
        await sleep(1000 / perSecond)
      }
      await sleep(1000)
      process.send?.({
        received,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        max: quantile(latencies, 1),
      })
      return
    }
    if (message.close) {
      for (const socket of sockets) socket.destroy()
      sockets.length = 0
    }
    process.send?.('done')
  })
  process.send?.('ready')
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const key = randomBytes(16).toString('base64')
  // Headers as a browser sends them.
  socket.write(
    `GET /live/main/chat HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: http://127.0.0.1:${port}\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  if (!head.includes(accept)) throw new Error(`no WebSocket: ${head.toString().slice(0, 100)}`)
  socket.write(maskedFrame({ type: 'hello', chat: true, name: `Reader ${Math.random().toString(36).slice(2, 8)}` }))
  await once(socket, 'data')
  return socket
}

/** A client's text frame of less than 126 bytes; the mask is zero, which servers need not mind. */
function maskedFrame(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), text])
}

async function measure(): Promise<void> {
  const start = async (...args: string[]) => {
    const child = fork(import.meta.filename, args)
    const [first] = await once(child, 'message')
    return { child, first }
  }
  const ask = async (child: ChildProcess, message: object | string) => {
    child.send(message)
    return (await once(child, 'message'))[0]
  }
  const server = await start('server')
  const readers = await start('readers', String(server.first))
  await sleep(2000)
  const before = await ask(server.child, 'mark')
  await ask(readers.child, { open: idle })
  await sleep(3000)
  const full = await ask(server.child, 'mark')
  console.log(`server alone ${megabytes(before.rss)}, with ${full.connections} chatters ${megabytes(full.rss)}`)
  await ask(readers.child, { close: true })
  await sleep(2000)
  const empty = await ask(server.child, 'mark')
  if (empty.connections !== 0) console.log(`${empty.connections} connections are left`)

  await ask(readers.child, { open: talking })
  const from = await ask(server.child, 'mark')
  const said = perSecond * seconds
  const result = await ask(readers.child, { say: said })
  const to = await ask(server.child, 'stop')
  readers.child.kill()
  const expected = said * talking
  console.log(`${result.received} of ${expected} received; p50 ${result.p50} ms, max ${result.max} ms`)
  console.log(
    `server: ${Math.round(((to.cpu - from.cpu) / (seconds + 1)) * 100)} % of a core, event loop p99 ${to.loop.p99.toFixed(1)} ms, max ${to.loop.max.toFixed(1)} ms`,
  )
  const cost = full.rss - before.rss
  report({ what: `memory of ${idle} idle chatters`, measured: megabytes(cost), must: '120 MB', ok: cost <= 120e6 })
  report({
    what: `message to all of ${talking} chatters at ${perSecond}/s, p99`,
    measured: `${result.p99} ms`,
    must: '300 ms',
    ok: result.p99 <= 300 && result.received === expected,
  })
}
