import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { HttpResponse } from '../message.ts'
import { STATUS_CODES } from '../node-http.ts'

/** What a response needs of the connection that it is sent on. */
export interface ResponseChannel {
  readonly socket: Socket
  /** The last fields of every head, and its empty line: the date, and whether the connection stays. */
  readonly closingFields: () => string
  /** The response has been ended. */
  readonly ended: () => void
  /** The kernel has the last byte of it. */
  readonly taken: () => void
}

/** Up to here head and body are joined into one write: copying costs less than a second buffer. Half of Node's pool. */
const joined = 4_000

/** An answer on a bare HTTP/1.1 connection (RFC 9112 §4, §6). */
export class DirectResponse extends EventEmitter implements HttpResponse {
  headersSent = false
  writableEnded = false
  writableFinished = false
  destroyed = false
  readonly #channel: ResponseChannel
  readonly #isHead: boolean
  #head = ''
  #hasLength = false
  #isChunked = false
  #isCorked = false

  constructor(channel: ResponseChannel, isHead: boolean) {
    super()
    this.#channel = channel
    this.#isHead = isHead
  }

  writeHead(status: number, headers: readonly string[]): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i] as string
      if (name === 'Content-Length') this.#hasLength = true
      head += `${name}: ${headers[i + 1] as string}\r\n`
    }
    // Never with a body (RFC 9110 §15.3.5, §15.4.5).
    if (status === 204 || status === 304) this.#hasLength = true
    this.#head = head
    this.headersSent = true
  }

  cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#channel.socket.cork()
  }

  write(chunk: Uint8Array): boolean {
    const { socket } = this.#channel
    const head = this.#takeHead(undefined)
    if (this.#isHead) return head === '' || socket.write(head, 'latin1')
    if (head === '' && !this.#isChunked) return socket.write(chunk)
    socket.cork()
    if (head !== '') socket.write(head, 'latin1')
    const goesOn = this.#isChunked ? sendChunk(socket, chunk) : socket.write(chunk)
    socket.uncork()
    return goesOn
  }

  end(chunk?: Uint8Array): void {
    if (this.writableEnded) return
    this.writableEnded = true
    const { socket } = this.#channel
    const head = this.#takeHead(chunk?.byteLength ?? 0)
    const body = this.#isHead || chunk === undefined || chunk.byteLength === 0 ? undefined : chunk
    if (!socket.destroyed && this.#isChunked) {
      if (body !== undefined) sendChunk(socket, body)
      if (!this.#isHead) socket.write(lastChunk, 'latin1')
    } else if (!socket.destroyed) sendBoth(socket, head, body)
    if (this.#isCorked) socket.uncork()
    if (socket.writableLength === 0 && !socket.destroyed) {
      this.writableFinished = true
      if (this.listenerCount('finish') + this.listenerCount('close') > 0) process.nextTick(() => this.#tell())
      this.#channel.ended()
      this.#channel.taken()
      return
    }
    // Behind everything that was written before it.
    socket.write('', (error) => {
      if (error instanceof Error) return
      this.writableFinished = true
      this.#channel.taken()
      this.#tell()
    })
    this.#channel.ended()
  }

  #tell(): void {
    this.emit('finish')
    this.emit('close')
  }

  /** The connection is gone. */
  lost(): void {
    this.destroyed = true
    this.emit('close')
  }

  destroy(): void {
    this.destroyed = true
    this.#channel.socket.destroy()
  }

  /** @param length of the whole body, where it is known only now. */
  #takeHead(length: number | undefined): string {
    const head = this.#head
    if (head === '') return ''
    this.#head = ''
    this.#isChunked = !this.#hasLength && length === undefined
    const framing = length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
    const field = this.#hasLength ? '' : `${framing}\r\n`
    return `${head}${field}${this.#channel.closingFields()}`
  }
}

/** RFC 9112 §7.1. */
const lastChunk = '0\r\n\r\n'

/** An empty one would be the last. */
function sendChunk(socket: Socket, chunk: Uint8Array): boolean {
  if (chunk.byteLength === 0) return true
  socket.write(`${chunk.byteLength.toString(16)}\r\n`, 'latin1')
  socket.write(chunk)
  return socket.write('\r\n', 'latin1')
}

function sendBoth(socket: Socket, head: string, body: Uint8Array | undefined): void {
  if (body === undefined) {
    if (head !== '') socket.write(head, 'latin1')
    return
  }
  if (head === '') {
    socket.write(body)
    return
  }
  const size = head.length + body.byteLength
  if (size < joined) {
    const whole = Buffer.allocUnsafe(size)
    whole.write(head, 0, 'latin1')
    whole.set(body, head.length)
    socket.write(whole)
    return
  }
  socket.cork()
  socket.write(head, 'latin1')
  socket.write(body)
  socket.uncork()
}
