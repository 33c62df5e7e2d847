import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

/** A UDP relay that loses, delays, mixes up and holds up what passes: for machines whose kernel has no `netem`. */
export interface LossyRelay {
  /** On 127.0.0.1. */
  readonly port: number
  /** The server's datagrams. */
  readonly passed: number
  readonly lost: number
  /** Datagrams of either side that arrived after one that was sent later. */
  readonly overtaken: number
  /** Share of the server's datagrams that are lost from now on, 0 to 1. */
  loss: number
  /** The same of the clients' datagrams: what they ask for, and their reports. */
  lossUp: number
  /** Up to so many ms, for each datagram others, are added to the delay from now on. */
  jitter: number
  /** Bits a second of the server's datagrams to all clients from now on; `undefined` for as many as come. */
  rate: number | undefined
  close(): Promise<void>
}

/** Milliseconds of datagrams that wait where there is a rate, as in the queue of a router; what is too much is lost. */
const QUEUE = 200

/** @param delay ms each way. Each client gets a port of its own towards the server, which tells them by it. */
export async function startLossyRelay(server: number, options: { loss: number; delay?: number }): Promise<LossyRelay> {
  const { loss, delay = 0 } = options
  const front = createSocket('udp4')
  const backs = new Map<string, { readonly socket: Socket; readonly up: ReturnType<typeof createWay> }>()
  let isClosed = false
  /** When the line has sent what waits. */
  let freeAt = 0

  /** One client's datagrams in one direction. */
  function createWay() {
    let [sent, newest] = [0, 0]
    return (pass: () => void, held = 0) => {
      const number = ++sent
      const arrive = () => {
        if (number < newest) relay.overtaken++
        newest = Math.max(newest, number)
        pass()
      }
      const wait = delay + held + Math.random() * relay.jitter
      if (wait === 0) arrive()
      else setTimeout(() => !isClosed && arrive(), wait)
    }
  }

  /** Milliseconds until the line has taken it; `undefined` when it is full. */
  function held(bytes: number): number | undefined {
    if (relay.rate === undefined) return 0
    const now = performance.now()
    if (freeAt - now > QUEUE) return undefined
    freeAt = Math.max(freeAt, now) + (bytes * 8000) / relay.rate
    return freeAt - now
  }

  function open(address: string, port: number) {
    const [socket, up, down] = [createSocket('udp4'), createWay(), createWay()]
    socket.on('message', (answer) => {
      const wait = Math.random() < relay.loss ? undefined : held(answer.byteLength)
      if (wait === undefined) {
        relay.lost++
        return
      }
      relay.passed++
      down(() => front.send(answer, port, address), wait)
    })
    return { socket, up }
  }

  front.on('message', (message, { address, port }) => {
    const client = `${address}:${port}`
    const back = backs.get(client) ?? open(address, port)
    backs.set(client, back)
    if (Math.random() >= relay.lossUp) back.up(() => back.socket.send(message, server, '127.0.0.1'))
  })
  await new Promise<void>((done) => front.bind(0, '127.0.0.1', done))
  const relay = {
    port: front.address().port,
    ...{ passed: 0, lost: 0, overtaken: 0 },
    ...{ loss, lossUp: 0, jitter: 0, rate: undefined as number | undefined },
    async close() {
      isClosed = true
      await sleep(delay)
      for (const { socket } of backs.values()) socket.close()
      front.close()
    },
  }
  return relay
}
