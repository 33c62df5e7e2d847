import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

/** A UDP relay that loses, delays and holds up what comes back: for machines whose kernel has no `netem`. */
export interface LossyRelay {
  /** On 127.0.0.1. */
  readonly port: number
  readonly passed: number
  readonly lost: number
  /** Share of the server's datagrams that are lost from now on, 0 to 1. */
  loss: number
  /** Bits a second of the server's datagrams to all clients from now on; `undefined` for as many as come. */
  rate: number | undefined
  close(): Promise<void>
}

/** Milliseconds of datagrams that wait where there is a rate, as in the queue of a router; what is too much is lost. */
const QUEUE = 200

/** @param delay ms each way. Each client gets a port of its own towards the server, which tells them by it. */
export async function startLossyRelay(server: number, options: { loss: number; delay?: number }): Promise<LossyRelay> {
  const { delay = 0 } = options
  const front = createSocket('udp4')
  const backs = new Map<string, Socket>()
  let [passed, lost, loss, isClosed] = [0, 0, options.loss, false]
  let rate: number | undefined
  /** When the line has sent what waits. */
  let freeAt = 0
  const later = (pass: () => void, wait = delay) => {
    if (wait === 0) pass()
    else setTimeout(() => !isClosed && pass(), wait)
  }
  /** Milliseconds until the line has taken it; `undefined` when it is full. */
  const held = (bytes: number): number | undefined => {
    if (rate === undefined) return 0
    const now = performance.now()
    if (freeAt - now > QUEUE) return undefined
    freeAt = Math.max(freeAt, now) + (bytes * 8000) / rate
    return freeAt - now
  }
  front.on('message', (message, { address, port }) => {
    const client = `${address}:${port}`
    let back = backs.get(client)
    if (back === undefined) {
      back = createSocket('udp4')
      backs.set(client, back)
      back.on('message', (answer) => {
        const wait = Math.random() < loss ? undefined : held(answer.byteLength)
        if (wait === undefined) {
          lost++
          return
        }
        passed++
        later(() => front.send(answer, port, address), delay + wait)
      })
    }
    const to = back
    later(() => to.send(message, server, '127.0.0.1'))
  })
  await new Promise<void>((done) => front.bind(0, '127.0.0.1', done))
  return {
    port: front.address().port,
    get passed() {
      return passed
    },
    get lost() {
      return lost
    },
    get loss() {
      return loss
    },
    set loss(share) {
      loss = share
    },
    get rate() {
      return rate
    },
    set rate(bits) {
      rate = bits
    },
    async close() {
      isClosed = true
      await sleep(delay)
      for (const back of backs.values()) back.close()
      front.close()
    },
  }
}
