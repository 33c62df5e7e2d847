import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface SeededRelayOptions {
  /** Where the callee listens, on 127.0.0.1. */
  readonly target: number
  /** The same of it loses the same datagrams, counted each way. */
  readonly seed: number
  /** Share that is lost, each way. */
  readonly loss: number
  /** ms, each way. */
  readonly delay: number
  /** Up to so many ms more, for each datagram others, so that some overtake others; none unless it is given. */
  readonly jitter?: number
}

export interface SeededRelay {
  /** On 127.0.0.1. */
  readonly port: number
  close(): Promise<void>
}

/** A UDP relay for one caller that loses and delays what passes, in a thread of its own: nobody else's work makes it late. */
export async function startSeededRelay(options: SeededRelayOptions): Promise<SeededRelay> {
  const worker = new Worker(new URL('seeded-relay-thread.ts', import.meta.url), { workerData: options })
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    async close() {
      await worker.terminate()
    },
  }
}

/** A UDP socket that takes whatever comes. */
export async function udpSink(take: (datagram: Buffer) => void): Promise<{ readonly port: number; close(): void }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  socket.on('message', take)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, close: () => socket.close() }
}
