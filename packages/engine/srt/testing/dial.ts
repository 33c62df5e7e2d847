import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createSrtCaller, type SrtCallerState } from '@bandstand/media/protocols/srt/handshake/caller.ts'
import { SRT_LIMITS } from '@bandstand/media/protocols/srt/limits.ts'
import { createSrtSession, type SrtSession } from '@bandstand/media/protocols/srt/session/session.ts'
import { nodeCrypto } from '../node-crypto.ts'

export interface DialOptions {
  readonly port: number
  readonly streamId: string
  readonly passphrase?: string
  readonly latency?: number
}

export interface Dialled {
  readonly state: SrtCallerState
  readonly session: SrtSession
  readonly received: Uint8Array[]
  readonly socket: Socket
  close(): void
}

let ids = 0

/** Calls an SRT listener on this machine with the caller of our own. Resolves when it is let in or refused, or gives up. */
export async function dial({ port, streamId, passphrase, latency = 120 }: DialOptions): Promise<Dialled> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const clock = () => performance.now()
  const calling = createSrtCaller({
    // On a busy machine it waits.
    ...{
      crypto: nodeCrypto,
      limits: { ...SRT_LIMITS, handshakeMs: 20_000 },
      streamId,
      latency,
      socketId: ++ids,
      initialSequence: 5,
      now: clock(),
    },
    ...(passphrase !== undefined && { passphrase }),
  })
  const send = (packet: Uint8Array) => socket.send(packet, port, '127.0.0.1')
  const received: Uint8Array[] = []
  let session: SrtSession | undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const onState = () => {
    if (calling.state.kind === 'calling') return
    if (calling.state.kind === 'connected' && session === undefined)
      session = createSrtSession(calling.state.session, { send, payload: (data) => void received.push(data) })
    resolve()
  }
  socket.on('message', (packet) => {
    if (session !== undefined) session.receive(packet, clock())
    else {
      const next = calling.receive(packet, clock())
      if (next !== undefined) send(next)
      onState()
    }
  })
  const timer = setInterval(() => {
    const packet = calling.wake(clock())
    if (packet !== undefined) send(packet)
    session?.wake(clock())
    onState()
  }, 5)
  await promise
  return {
    state: calling.state,
    get session() {
      if (session === undefined) throw new Error(`not let in: ${JSON.stringify(calling.state)}`)
      return session
    },
    received,
    socket,
    close() {
      clearInterval(timer)
      session?.close(clock())
      socket.close()
    },
  }
}
