import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SRT_LISTENER_LIMITS } from '@bandstand/engine/srt/limits.ts'
import { startSrtListener } from '@bandstand/engine/srt/listener.ts'
import { type Running, start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { waitFor } from '../test/support/wait.ts'
import { freeUdpPort } from './support/free-port.ts'
import { median, percent, report } from './support/report.ts'
import { startSeededRelay, udpSink } from './support/seeded-relay.ts'

/**
 * What is lost of a stream of 4 Mbit/s on a line that loses a tenth each way: numbered payloads from `srt-live-transmit` to our
 * listener and to another `srt-live-transmit`, both at the same time, through relays that lose the same datagrams.
 */
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '20' },
    loss: { type: 'string', default: '0.1' },
    /** Round trip, ms. */
    'round-trip': { type: 'string', default: '80' },
    /** Times the round trip. */
    latency: { type: 'string', default: '2.5' },
  },
})
const roundTrip = Number(options['round-trip'])
const latency = Math.round(roundTrip * Number(options.latency))
const seconds = Number(options.seconds)
const PAYLOAD = 1316
/** ms between two payloads at 4 Mbit/s. */
const EVERY = (PAYLOAD * 8) / 4000

interface Receiver {
  /** Numbers that arrived, in any order. */
  readonly got: Set<number>
  readonly port: number
  stop(): Promise<unknown>
}

async function ours(): Promise<Receiver> {
  const got = new Set<number>()
  const quiet = () => {}
  const listener = await startSrtListener({
    address: { host: '127.0.0.1', port: 0 },
    limits: SRT_LISTENER_LIMITS,
    log: { debug: quiet, info: quiet, warn: console.warn, error: console.error },
    route: {
      open: () =>
        Promise.resolve({
          serve: () => ({ payload: (data) => void got.add(numberOf(data)), pass: quiet, ended: quiet }),
          forget: quiet,
        }),
    },
  })
  return { got, port: listener.address.port, stop: () => listener.close() }
}

async function theirs(): Promise<Receiver> {
  const got = new Set<number>()
  const sink = await udpSink((data) => void got.add(numberOf(data)))
  const port = await freeUdpPort()
  const source = `srt://127.0.0.1:${port}?mode=listener&latency=${latency}`
  const args = ['-q', '-a:no', source, `udp://127.0.0.1:${sink.port}`]
  const running = start(findProgram('srt-live-transmit'), args, { limit: 600_000 })
  return {
    got,
    port,
    async stop() {
      await running.stop('SIGKILL')
      sink.close()
    },
  }
}

function numberOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0)
}

/** One receiver with a line and a sender of its own. */
async function join(receiver: Receiver, seed: number) {
  const relay = await startSeededRelay({
    ...{ target: receiver.port, seed, loss: Number(options.loss), delay: roundTrip / 2 },
  })
  const input = await freeUdpPort()
  const url = `srt://127.0.0.1:${relay.port}?mode=caller&latency=${latency}&streamid=publish:bench-key`
  const args = ['-q', '-a:yes', `udp://127.0.0.1:${input}`, url]
  const sender: Running = start(findProgram('srt-live-transmit'), args, { limit: 600_000 })
  return { receiver, relay, input, sender }
}

/** Share that never came, of each receiver; `undefined` where the line does not even let the other one's handshake through. */
async function measure(seed: number): Promise<readonly number[] | undefined> {
  const lines = [await join(await ours(), seed), await join(await theirs(), seed)]
  const socket = createSocket('udp4')
  let number = 0
  const send = () => {
    const payload = Buffer.alloc(PAYLOAD, 0x47)
    payload.writeUInt32BE(number++)
    for (const { input } of lines) socket.send(payload, input, '127.0.0.1')
  }
  const begun = performance.now()
  const timer = setInterval(() => {
    while (number < (performance.now() - begun) / EVERY) send()
  }, 2)
  try {
    const has = (index: number) => (lines[index]?.receiver.got.size ?? 0) > 100
    await waitFor('our receiver to have something', () => has(0), 30_000)
    if (!(await comes(() => has(1)))) return undefined
    const first = number
    await sleep(seconds * 1000)
    const last = number
    // What was sent last is still on its way, and sent again.
    await sleep(latency + 1000)
    return lines.map(({ receiver }) => {
      let lost = 0
      for (let i = first; i < last; i++) if (!receiver.got.has(i)) lost++
      return lost / (last - first)
    })
  } finally {
    clearInterval(timer)
    socket.close()
    for (const { receiver, relay, sender } of lines) {
      await sender.stop('SIGKILL')
      await relay.close()
      await receiver.stop()
    }
  }
}

/** libsrt 1.5.1 gives up a handshake whose answer is lost and followed by a packet of the connection. */
async function comes(isThere: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 10_000 && !isThere(); waited += 100) await sleep(100)
  return isThere()
}

const [own, peers]: [number[], number[]] = [[], []]
let unconnected = 0
for (let seed = Number(options.first); own.length < Number(options.seeds); seed++) {
  const lost = await measure(seed)
  if (lost === undefined) {
    console.log(`seed ${seed}: ours has the stream, srt-live-transmit does not connect: not counted`)
    if (++unconnected > Number(options.seeds)) throw new Error('srt-live-transmit does not connect')
    continue
  }
  const [ours = Number.NaN, theirs = Number.NaN] = lost
  console.log(`seed ${seed}: lost ${(ours * 100).toFixed(3)} %, srt-live-transmit ${(theirs * 100).toFixed(3)} %`)
  own.push(ours)
  peers.push(theirs)
}
const share = (value: number) => `${(value * 100).toFixed(3)} %`
report({
  what: `SRT: media lost after recovery, ${percent(Number(options.loss))} lost each way, round trip ${roundTrip} ms, latency ${latency} ms, median of ${options.seeds} seeds`,
  measured: share(median(own)),
  peer: `${share(median(peers))}${unconnected > 0 ? `; ${unconnected} more where it did not connect` : ''}`,
  must: 'no more than srt-live-transmit',
  ok: median(own) <= median(peers),
})
