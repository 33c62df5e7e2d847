import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import type { HttpHandler } from '../message.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'
import { DirectResponse } from './response.ts'

export interface ConnectionOptions {
  /** Asked in order until one serves the request. */
  readonly handlers: readonly HttpHandler[]
  /** The last fields of every head, and its empty line. */
  readonly closingFields: () => string
  /** No further request is taken after the answer under way. */
  readonly isClosing: () => boolean
  /**
   * Takes the connection over for good, with what it has sent and nobody has answered: no handler serves it, or it is not a
   * plain GET or HEAD. Nothing of an earlier answer is left then.
   */
  readonly handOver: (socket: Socket, bytes: Buffer) => void
  /** Closed or handed over. */
  readonly onLeft: () => void
  /** A handler threw; the connection has been cut. */
  readonly onError: (error: unknown) => void
  /** Milliseconds of any steady clock. */
  readonly now: () => number
}

export interface DirectConnection {
  readonly socket: Socket
  /** Nobody works for it: it has not asked for anything, or does not take its answer. */
  readonly isIdle: boolean
  /** When it has been idle for too long. */
  readonly until: number
}

/** One request after the other; the next is read when the kernel has all of the answer before it. */
type State =
  /** The next request may come. */
  | 'reading'
  /** A request is being served, or its answer has not been taken. */
  | 'answering'
  /** Closed or handed over. */
  | 'left'

/** Serves a connection that has just been accepted. */
export function openConnection(socket: Socket, options: ConnectionOptions): DirectConnection {
  let state: State = 'reading'
  let response: DirectResponse | undefined
  /** Sent and not read yet; while answering no more than a head and what one read of the socket gives. */
  let pending: Buffer | undefined
  let last: RequestHead | undefined
  let until = options.now() + limits.headersTimeout
  let isReading = false

  const channel = {
    socket,
    closingFields: options.closingFields,
    ended() {
      until = options.now() + limits.keepAliveTimeout
      if (options.isClosing()) socket.end()
    },
    taken() {
      if (state !== 'answering') return
      state = 'reading'
      response = undefined
      if (isReading || pending === undefined) return
      socket.resume()
      process.nextTick(read)
    },
  }

  function onData(chunk: Buffer): void {
    // After our own end there is no answer to anything.
    if (!socket.writable) return
    pending = pending === undefined ? chunk : Buffer.concat([pending, chunk])
    if (state === 'reading') read()
    // Whoever sends on while an answer is under way is not listened to for longer than a head.
    else if (pending.length > limits.headers) socket.pause()
  }

  function read(): void {
    if (isReading) return
    isReading = true
    readAhead()
    isReading = false
  }

  function readAhead(): void {
    for (let served = 0; state === 'reading' && pending !== undefined && socket.writable; served++) {
      // Who sends hundreds of requests at once is not answered before everybody else.
      if (served === limits.requestsAtOnce) {
        socket.pause()
        setImmediate(() => {
          socket.resume()
          read()
        })
        return
      }
      const bytes = pending
      const head = readRequestHead(bytes, limits.headers, last)
      pending = head === undefined || head.length === bytes.length ? undefined : bytes.subarray(head.length)
      if (head === undefined || !serve(head)) return handOver(bytes)
      last = head
    }
  }

  /** False when no handler serves it; nothing has been done then. */
  function serve({ method, target, headers }: RequestHead): boolean {
    const answer = new DirectResponse(channel, method === 'HEAD')
    state = 'answering'
    response = answer
    try {
      const request = { method, url: target, headers, httpVersionMajor: 1, socket }
      return options.handlers.some((handler) => handler(request, answer))
    } catch (error) {
      options.onError(error)
      socket.destroy()
      return true
    }
  }

  function handOver(bytes: Buffer): void {
    leave()
    options.handOver(socket, bytes)
  }

  function leave(): void {
    state = 'left'
    pending = undefined
    response = undefined
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose).off('drain', onDrain)
    options.onLeft()
  }

  function onClose(): void {
    const lost = response
    leave()
    lost?.lost()
  }
  const onEnd = () => socket.end()
  const onError = () => socket.destroy()
  const onDrain = () => response?.emit('drain')

  socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose).on('drain', onDrain)
  return {
    socket,
    get isIdle() {
      return response === undefined || response.writableEnded
    },
    get until() {
      return until
    },
  }
}
