import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_BANNED, CLOSE_NO_CHANNEL } from '@bandstand/contract/chat/close.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { BAN_PAUSE, backoff, banBackoff } from './backoff.ts'

/** The socket of a channel, which connects again by itself. */
export interface ChannelSocket {
  /** Messages can be sent. */
  readonly open: boolean
  /** There is a connection, or one is being made. */
  readonly busy: boolean
  /** It was refused because of a ban, and there was no welcome since. */
  readonly banned: boolean
  /** Makes a connection. @param soon milliseconds from now; it is later where a ban was told of within `BAN_PAUSE` */
  connect(soon: number): void
  /** Makes another connection in place of this one, at once. */
  reopen(): void
  /** Whether a ban still holds is asked as soon as that may be asked again; nothing where no ban is waited for. */
  askBan(): void
  /** @returns whether there is a connection to send it over */
  send(message: ClientMessage): boolean
  close(): void
}

interface ChannelSocketOptions {
  readonly address: string
  /** Asked before each connection. */
  wanted(): boolean
  /** The first message of a connection that has opened. */
  hello(): ClientMessage
  message(message: ServerMessage): void
  /** `final`: it does not connect again by itself. `opened`: it was lost; else it was never there. */
  closed(why: { readonly code: number; readonly final: boolean; readonly opened: boolean }): void
}

const pingEvery = 25_000
/** Pings without a frame from the server after which the connection is dead, though the network has not said so. */
const quietPings = 2
/** RFC 6455 section 7.4.1: closed without a close frame. */
const closedAbnormally = 1006
/** Besides the back-off, so that a socket refused for good costs little; milliseconds. */
const pause = 500

export function createChannelSocket(options: ChannelSocketOptions): ChannelSocket {
  let socket: WebSocket | undefined
  let opened = false
  let attempt = 0
  let failingSince = 0
  /** Refusals in a row because of a ban. */
  let bans = 0
  /** When the last of them came, while the next connection waits for its time. */
  let bannedAt: number | undefined
  let quiet = 0
  let connectTimer: ReturnType<typeof setTimeout> | undefined
  let pingTimer: ReturnType<typeof setInterval> | undefined

  /** Whoever wants it, a ban is not asked about too often. */
  function connect(soon: number): void {
    const pauseLeft = bannedAt === undefined ? 0 : bannedAt + BAN_PAUSE - performance.now()
    clearTimeout(connectTimer)
    connectTimer = setTimeout(open, Math.max(soon, pauseLeft))
  }

  function open(): void {
    if (socket || !options.wanted()) return
    bannedAt = undefined
    let current: WebSocket
    try {
      current = new WebSocket(options.address)
    } catch {
      return
    }
    socket = current
    current.addEventListener('open', () => {
      if (socket !== current) return
      opened = true
      current.send(JSON.stringify(options.hello()))
      pingTimer = setInterval(ping, pingEvery)
    })
    current.addEventListener('message', (event) => {
      if (socket !== current) return
      quiet = 0
      const message = parse(event.data)
      if (message?.type === 'welcome') {
        attempt = 0
        bans = 0
      }
      if (message) options.message(message)
    })
    current.addEventListener('close', (event) => {
      if (socket === current) lose(event.code)
    })
  }

  function ping(): void {
    if (quiet >= quietPings) return lose(closedAbnormally)
    quiet += 1
    send({ type: 'ping' })
  }

  function lose(code: number): void {
    const wasOpen = drop()
    const final = code === CLOSE_NO_CHANNEL
    if (code === CLOSE_BANNED) {
      attempt = 0
      bans += 1
      bannedAt = performance.now()
      connect(banBackoff(bans, Math.random()))
    } else if (!final) {
      const now = performance.now()
      if (attempt === 0) failingSince = now
      attempt += 1
      connect(backoff(attempt, now - failingSince, Math.random()) + (attempt > 1 ? pause : 0))
    }
    options.closed({ code, final, opened: wasOpen })
  }

  /** @returns whether the connection had opened */
  function drop(): boolean {
    const old = socket
    const wasOpen = opened
    clearInterval(pingTimer)
    socket = undefined
    opened = false
    quiet = 0
    old?.close()
    return wasOpen
  }

  function send(message: ClientMessage): boolean {
    if (!socket || !opened) return false
    socket.send(JSON.stringify(message))
    return true
  }

  function askBan(): void {
    if (bannedAt !== undefined) connect(0)
  }

  return {
    get open() {
      return opened
    },
    get busy() {
      return socket !== undefined
    },
    get banned() {
      return bans > 0
    },
    connect,
    reopen() {
      // A network that comes and goes must not ask more often.
      if (bannedAt !== undefined) return askBan()
      drop()
      attempt = 0
      connect(0)
    },
    askBan,
    send,
    close() {
      clearTimeout(connectTimer)
      drop()
    },
  }
}

function parse(data: unknown): ServerMessage | undefined {
  if (typeof data !== 'string') return undefined
  try {
    return JSON.parse(data) as ServerMessage
  } catch {
    return undefined
  }
}
