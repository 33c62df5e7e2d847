import { createSocket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'
import { createRandom } from '@bandstand/media/protocols/srt/testing/random.ts'
import type { SeededRelayOptions } from './seeded-relay.ts'

/** The thread of `startSeededRelay`. Says its port, then relays until it is ended. */
const { target, seed, loss, delay, jitter = 0 } = workerData as SeededRelayOptions

interface Held {
  readonly at: number
  readonly send: () => void
}

/** In the order in which they go on, both ways together. */
const held: Held[] = []
let head = 0
let timer: NodeJS.Timeout | undefined

function pass(): void {
  const now = performance.now()
  for (let next = held[head]; next !== undefined && next.at <= now; next = held[++head]) next.send()
  if (head < 1000) return
  held.splice(0, head)
  head = 0
}

function hold(random: () => number, send: () => void): void {
  if (random() < loss) return
  const at = performance.now() + delay + (jitter > 0 ? random() * jitter : 0)
  let place = held.length
  while (place > head && (held[place - 1]?.at ?? 0) > at) place--
  held.splice(place, 0, { at, send })
}

const front = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
const back = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
const [up, down] = [createRandom(seed), createRandom(seed + 7919)]
let caller: { readonly port: number; readonly address: string } | undefined

front.on('message', (datagram, { port, address }) => {
  // Who calls again has another port.
  caller = { port, address }
  hold(up, () => back.send(datagram, target, '127.0.0.1'))
})
back.on('message', (datagram) => {
  hold(down, () => {
    if (caller !== undefined) front.send(datagram, caller.port, caller.address)
  })
})
front.bind(0, '127.0.0.1', () => {
  timer = setInterval(pass, 1)
  timer.ref()
  parentPort?.postMessage(front.address().port)
})
