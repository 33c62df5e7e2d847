import type { Duplex } from 'node:stream'
import { type ClientMessage, clientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_LIMIT, CLOSE_SIGNED_OUT } from '@bandstand/contract/chat/close.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import type { ErrorCode } from '@bandstand/contract/errors.ts'
import type { WebSocket } from 'ws'
import { createRateLimit, type RateLimit } from '../access/rate-limit.ts'
import { PING, printFrame } from './frame.ts'
import type { ChatLimits } from './limits.ts'
import { EARLY_FRAMES_MAX, HELLO_TIMEOUT, SILENT_GONE, SILENT_PING } from './limits.ts'
import type { Reader } from './room.ts'

/** What a connection is told and asks for. */
export interface ConnectionEvents {
  message(connection: Connection, message: ClientMessage): void
  closed(connection: Connection): void
  /** A reader that was too slow, or silent for too long, was disconnected. */
  dropped(connection: Connection, why: 'unread' | 'silent'): void
}

export interface ConnectionFacts {
  readonly channelId: string
  /** Name under which its address is counted. */
  readonly address: string
  /** Digest under which that is banned; null of the machine itself, from which all come by a proxy that is not trusted. */
  readonly addressHash: string | null
  readonly owner: boolean
  /** What makes it the owner's: with this session the connection ends. */
  readonly session: OwnerSession | undefined
}

export interface OwnerSession {
  readonly id: string
  /** Unix ms. */
  readonly expiresAt: number
}

/** One socket of a page. */
export class Connection implements Reader {
  from = 0
  chat = false
  /** Set by `hello` with `chat: true`. */
  chatterId: string | undefined
  name: string | undefined
  greeted = false
  readonly facts: ConnectionFacts
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #unread: number
  readonly #events: ConnectionEvents
  #early = 0
  /** Made with the first frame after `hello`: most readers never send one. */
  #frames: RateLimit | undefined
  readonly #limits: ChatLimits
  readonly #openedAt = performance.now()
  #lastSeen = this.#openedAt

  constructor(ws: WebSocket, socket: Duplex, facts: ConnectionFacts, limits: ChatLimits, events: ConnectionEvents) {
    this.facts = facts
    this.#ws = ws
    this.#socket = socket
    this.#unread = limits.unread
    this.#limits = limits
    this.#events = events
    ws.on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary))
    // ws answers it by itself.
    ws.on('ping', () => void this.#isAllowed(performance.now()))
    ws.on('pong', () => {
      this.#lastSeen = performance.now()
    })
    ws.on('close', () => events.closed(this))
    // Whatever is wrong with a connection ends it; `close` follows.
    ws.on('error', () => {})
  }

  /**
   * Writes a ready frame past ws, whose own frames are written whole in one turn as well (no compression, no streams), so
   * that they never mix.
   */
  write(frame: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    if (this.#socket.writableLength > this.#unread) {
      this.#ws.terminate()
      this.#events.dropped(this, 'unread')
      return
    }
    this.#socket.write(frame)
  }

  send(message: ServerMessage): void {
    this.write(printFrame(message))
  }

  refuse(code: ErrorCode, text: string, extra: { clientId?: string; retryAfter?: number } = {}): void {
    this.send({ type: 'error', code, text, ...extra })
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  /** Ends what was opened in a session that is over. */
  endSession(): void {
    this.close(CLOSE_SIGNED_OUT, 'signed out')
  }

  terminate(): void {
    this.#ws.terminate()
  }

  /** Asks a silent page for a sign of life; ends it when none came. Browsers answer pings by themselves. */
  sweep(now: number): void {
    const silent = now - this.#lastSeen
    if (silent > SILENT_GONE || (!this.greeted && now - this.#openedAt > HELLO_TIMEOUT)) {
      this.#ws.terminate()
      this.#events.dropped(this, 'silent')
    } else if (silent > SILENT_PING) this.write(PING)
  }

  /** Counts a frame. False after one too many, and after a close: who was closed need not leave at once. */
  #isAllowed(now: number): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false
    if (this.greeted) this.#frames ??= createRateLimit(this.#limits.frameRate, 1)
    const isAllowed = this.#frames ? this.#frames.take('', now) === 0 : ++this.#early <= EARLY_FRAMES_MAX
    if (!isAllowed) this.close(CLOSE_LIMIT, 'too many frames')
    return isAllowed
  }

  #receive(data: Buffer, binary: boolean): void {
    const now = performance.now()
    this.#lastSeen = now
    if (!this.#isAllowed(now)) return
    const message = binary ? undefined : parseFrame(data)
    if (message === undefined) this.refuse('bad-request', 'this is not a message of the chat protocol')
    else this.#events.message(this, message)
  }
}

function parseFrame(data: Buffer): ClientMessage | undefined {
  try {
    return clientMessage.parse(JSON.parse(data.toString('utf8')))
  } catch {
    return undefined
  }
}
