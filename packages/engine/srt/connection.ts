import { isControl } from '@bandstand/media/protocols/srt/packet/header.ts'
import type { SrtSessionOptions } from '@bandstand/media/protocols/srt/session/options.ts'
import { createSrtSession, type SrtEnd, type SrtSession } from '@bandstand/media/protocols/srt/session/session.ts'
import type { SrtStatistics } from '@bandstand/media/protocols/srt/session/statistics.ts'
import type { SrtConnection, SrtServed } from './port.ts'

export interface OpenConnectionOptions {
  readonly session: SrtSessionOptions
  /** As the socket gives it, for comparing and sending. */
  readonly address: string
  readonly port: number
  /** What it counts among. */
  readonly crowds: readonly string[]
  /** The answer to the handshake, for a caller that has not heard it. */
  readonly answer: Uint8Array
  readonly send: (packet: Uint8Array, port: number, address: string) => void
  readonly serve: (connection: SrtConnection) => SrtServed
  readonly onError: (error: unknown) => void
  readonly onEnded: (connection: OpenConnection) => void
}

/** One caller's connection on the common socket. Whatever goes wrong in it stays in it. */
export class OpenConnection implements SrtConnection {
  readonly address: string
  readonly port: number
  readonly crowds: readonly string[]
  readonly answer: Uint8Array
  readonly socketId: number
  readonly peerSocketId: number
  readonly #options: OpenConnectionOptions
  readonly #session: SrtSession
  readonly #served: SrtServed
  #isOver = false

  constructor(options: OpenConnectionOptions) {
    const { address, port, session } = options
    this.#options = options
    this.address = address
    this.port = port
    this.crowds = options.crowds
    this.answer = options.answer
    this.socketId = session.socketId
    this.peerSocketId = session.peerSocketId
    this.#session = createSrtSession(session, {
      send: (packet) => options.send(packet, port, address),
      payload: (data) => {
        // Whoever took the one before may have closed it.
        if (!this.#isOver) this.#served.payload?.(data)
      },
    })
    this.#served = options.serve(this)
  }

  get payloadBytes(): number {
    return this.#session.payloadBytes
  }

  get waiting(): number {
    return this.#session.waiting
  }

  /** Bytes that are kept until the caller has acknowledged them. */
  get kept(): number {
    return this.#isOver ? 0 : this.#session.kept
  }

  receive(packet: Uint8Array, now: number): void {
    if (this.#isOver) return
    // Whoever only reads needs no key, and what it sends would wait in memory for a time that it names itself.
    if (this.#served.payload === undefined && !isControl(packet)) return
    try {
      this.#session.receive(packet, now)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Lets time pass. */
  pass(now: number): void {
    if (this.#isOver) return
    try {
      const { ended } = this.#session
      if (ended === undefined && now >= this.#session.wakeAt) this.#session.wake(now)
      if (this.#session.ended !== undefined) this.#end(this.#session.ended)
      else if (!this.#isOver) this.#served.pass(now)
    } catch (error) {
      this.#fail(error)
    }
  }

  send(payload: Uint8Array): void {
    if (this.#session.ended === undefined) this.#session.send(payload, performance.now())
  }

  statistics(): SrtStatistics {
    return this.#session.statistics(performance.now())
  }

  close(): void {
    if (this.#isOver) return
    this.#session.close(performance.now())
    this.#end('closed')
  }

  #fail(error: unknown): void {
    this.#options.onError(error)
    this.close()
  }

  #end(how: SrtEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.onEnded(this)
    try {
      this.#served.ended(how)
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
