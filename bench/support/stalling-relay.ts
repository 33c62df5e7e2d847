import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@bandstand/media/protocols/srt/testing/random.ts'

export interface StallingRelayOptions {
  /** Where the callee listens, on 127.0.0.1. */
  readonly target: number
  readonly seed: number
  /** Share of packets that have to be sent again, each way. */
  readonly loss: number
  /** ms until one that was lost is there: what is behind it waits too. */
  readonly stall: number
}

export interface StallingRelay {
  /** On 127.0.0.1. */
  readonly port: number
  close(): Promise<void>
}

/** Bytes of one packet on Ethernet. */
const PACKET = 1448

/** A TCP relay that does what a lossy line does to TCP: nothing is missing in the end, but it comes in jerks. */
export async function startStallingRelay({ target, seed, loss, stall }: StallingRelayOptions): Promise<StallingRelay> {
  const random = createRandom(seed)
  const open = new Set<Socket>()
  async function* hold(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      const arrives = (1 - loss) ** Math.ceil(chunk.byteLength / PACKET)
      if (random() > arrives) await sleep(stall)
      yield chunk
    }
  }
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (front) => {
    const back = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [
      [front, back],
      [back, front],
    ] as const) {
      open.add(from)
      from.once('close', () => open.delete(from))
      pipeline(from, hold, to, (error) => error && to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}
