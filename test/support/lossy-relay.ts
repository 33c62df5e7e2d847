import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

/** A UDP relay that loses and delays what comes back: for machines whose kernel has no `netem`. */
export interface LossyRelay {
  /** On 127.0.0.1. */
  readonly port: number
  readonly passed: number
  readonly lost: number
  /** Share of the server's datagrams that are lost from now on, 0 to 1. */
  loss: number
  close(): Promise<void>
}

/** @param delay ms each way. Each client gets a port of its own towards the server, which tells them by it. */
export async function startLossyRelay(server: number, options: { loss: number; delay?: number }): Promise<LossyRelay> {
  const { delay = 0 } = options
  const front = createSocket('udp4')
  const backs = new Map<string, Socket>()
  let [passed, lost, loss, isClosed] = [0, 0, options.loss, false]
  const later = (pass: () => void) => {
    if (delay === 0) pass()
    else setTimeout(() => !isClosed && pass(), delay)
  }
  front.on('message', (message, { address, port }) => {
    const client = `${address}:${port}`
    let back = backs.get(client)
    if (back === undefined) {
      back = createSocket('udp4')
      backs.set(client, back)
      back.on('message', (answer) => {
        if (Math.random() < loss) {
          lost++
          return
        }
        passed++
        later(() => front.send(answer, port, address))
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
    async close() {
      isClosed = true
      await sleep(delay)
      for (const back of backs.values()) back.close()
      front.close()
    },
  }
}
