import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { type ConnectionOptions, type DirectConnection, openConnection } from './connection.ts'

export interface DirectOptions extends Pick<ConnectionOptions, 'handlers' | 'handOver'> {
  /** A handler threw; the connection has been cut. */
  onError?(error: unknown): void
  /** Milliseconds of any steady clock. */
  now?(): number
}

/** Connections whose requests are served without a general HTTP server, for as long as they are simple. */
export interface DirectConnections {
  /** Serves a connection that has just been accepted. */
  accept(socket: Socket): void
  /** Closes those that are idle, and each other one after its answer. */
  close(): void
}

/** How often idle connections are looked for, in milliseconds. */
const sweep = 2_000
const stays = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveTimeout / 1000)}\r\n\r\n`
const ends = 'Connection: close\r\n\r\n'

/**
 * Serves GET and HEAD of HTTP/1.1 (RFC 9112) straight on the socket. A crowd of low-latency players asks for the same few
 * things thousands of times a second, and waits with every request: each costs a few hundred bytes here, and half of the
 * time that Node's own server takes. Everything else is handed over to that, with its connection.
 */
export function createDirectConnections(options: DirectOptions): DirectConnections {
  const now = options.now ?? (() => performance.now())
  const connections = new Set<DirectConnection>()
  let isClosing = false
  let date = ''
  let dateUntil = 0
  let timer: NodeJS.Timeout | undefined

  /** A clock gives the date of every answer (RFC 9110 §6.6.1), to the second. */
  function closingFields(): string {
    const wall = Date.now()
    if (wall >= dateUntil || wall < dateUntil - 1000) {
      date = `Date: ${new Date(wall).toUTCString()}\r\n`
      dateUntil = wall - (wall % 1000) + 1000
    }
    return date + (isClosing ? ends : stays)
  }

  function cutIdle(): void {
    const time = now()
    for (const { until, isIdle, socket } of connections) if (isIdle && time > until) socket.destroy()
    if (connections.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    accept(socket) {
      const connection: DirectConnection = openConnection(socket, {
        handlers: options.handlers,
        handOver: options.handOver,
        closingFields,
        isClosing: () => isClosing,
        onLeft: () => connections.delete(connection),
        onError: (error) => options.onError?.(error),
        now,
      })
      connections.add(connection)
      timer ??= setInterval(cutIdle, sweep).unref()
    },
    close() {
      isClosing = true
      for (const { isIdle, socket } of connections) if (isIdle) socket.end()
    },
  }
}
