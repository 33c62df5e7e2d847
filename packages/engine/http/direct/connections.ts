import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import type { HttpHandler } from '../message.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'
import { DirectResponse } from './response.ts'

export interface DirectOptions {
  /** Asked in order until one serves the request. */
  readonly handlers: readonly HttpHandler[]
  /**
   * Takes a connection over for good with what it has sent and nobody has answered: none of the handlers serves it, or it
   * is not a plain GET or HEAD.
   */
  handOver(socket: Socket, bytes: Buffer): void
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

interface Connection {
  /** When it is idle for too long. */
  until: number
  readonly isIdle: () => boolean
  readonly socket: Socket
}

/**
 * Serves GET and HEAD of HTTP/1.1 (RFC 9112) straight on the socket. A crowd of low-latency players asks for the same few
 * things thousands of times a second, and waits with every request: each costs a few hundred bytes here, and a third of the
 * time that Node's own server takes. Everything else is handed over to that, with its connection.
 */
export function createDirectConnections(options: DirectOptions): DirectConnections {
  const now = options.now ?? (() => performance.now())
  const connections = new Set<Connection>()
  let closing = false
  let date = ''
  let dateUntil = 0
  let timer: NodeJS.Timeout | undefined
  const stays = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveTimeout / 1000)}\r\n\r\n`
  const ends = 'Connection: close\r\n\r\n'

  /** A clock gives the date of every answer (RFC 9110 §6.6.1), to the second. */
  function closingFields(closes: boolean): string {
    const wall = Date.now()
    if (wall >= dateUntil || wall < dateUntil - 1000) {
      date = `Date: ${new Date(wall).toUTCString()}\r\n`
      dateUntil = wall - (wall % 1000) + 1000
    }
    return date + (closes || closing ? ends : stays)
  }

  function cutIdle(): void {
    const time = now()
    for (const { until, isIdle, socket } of connections) if (time > until && isIdle()) socket.destroy()
    if (connections.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }

  function accept(socket: Socket): void {
    let pending: Buffer | undefined
    let current: DirectResponse | undefined
    let last: RequestHead | undefined
    let unfinished: Set<DirectResponse> | undefined
    let reading = false

    const connection: Connection = { until: now() + limits.headersTimeout, isIdle: () => current === undefined, socket }
    const channel = {
      socket,
      closingFields,
      ended(closes: boolean) {
        current = undefined
        connection.until = now() + limits.keepAliveTimeout
        if (closes || closing) socket.end()
        else if (pending !== undefined) {
          socket.resume()
          if (!reading) process.nextTick(read)
        }
      },
      unfinished(response: DirectResponse) {
        unfinished ??= new Set()
        unfinished.add(response)
        // Behind everything that was written before it.
        socket.write('', (error) => {
          if (!(error instanceof Error) && unfinished?.delete(response) === true) response.finished()
        })
      },
    }

    const leave = () => {
      connections.delete(connection)
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.off('error', onError)
      socket.off('close', onClose)
      socket.off('drain', onDrain)
    }
    const onData = (chunk: Buffer) => {
      pending = pending === undefined ? chunk : Buffer.concat([pending, chunk])
      if (current === undefined) read()
      // Whoever sends on while an answer is under way is not listened to for longer than a head.
      else if (pending.length > limits.headers) socket.pause()
    }
    const onEnd = () => socket.end()
    const onError = () => socket.destroy()
    const onDrain = () => current?.emit('drain')
    const onClose = () => {
      leave()
      const responses = [...(unfinished ?? []), ...(current === undefined ? [] : [current])]
      unfinished = undefined
      current = undefined
      for (const response of responses) response.lost()
    }

    function read(): void {
      reading = true
      while (current === undefined && pending !== undefined && !socket.destroyed && socket.writable) {
        const bytes: Buffer = pending
        const head = readRequestHead(bytes, limits.headers, last)
        if (head === undefined || !serve(head)) {
          leave()
          options.handOver(socket, bytes)
          return
        }
        last = head
        // What came with the request, `serve` has left in `pending`: answers may be ended in it.
        const rest = bytes.subarray(head.length)
        pending = rest.length === 0 ? undefined : rest
      }
      reading = false
    }

    /** False when no handler serves it; nothing has been done then. */
    function serve({ method, target, headers }: RequestHead): boolean {
      const response = new DirectResponse(channel, method === 'HEAD')
      const request = { method, url: target, headers, httpVersionMajor: 1, socket }
      current = response
      try {
        for (const handler of options.handlers) if (handler(request, response)) return true
      } catch (error) {
        options.onError?.(error)
        socket.destroy()
        return true
      }
      current = undefined
      return false
    }

    connections.add(connection)
    timer ??= setInterval(cutIdle, sweep).unref()
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('drain', onDrain)
  }

  return {
    accept,
    close() {
      closing = true
      for (const { isIdle, socket } of connections) if (isIdle()) socket.end()
    },
  }
}
