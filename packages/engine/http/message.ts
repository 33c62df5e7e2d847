import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What handlers use of a request; Node's classes of both versions fit, and so do our own direct ones. */
export interface HttpRequest {
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  /** Names in lower case. Many requests may share them. */
  readonly headers: Readonly<IncomingHttpHeaders>
  readonly httpVersionMajor: number
  /** Not said where it is 1.1. */
  readonly httpVersionMinor?: number
  readonly socket: Socket
}

/**
 * What handlers use of a response; the same classes fit.
 *
 * Who begins to listen for `finish` or `close` after `end` looks at `writableFinished` first: of an answer that the kernel
 * took at once they may not come any more.
 */
export interface HttpResponse {
  /** @param headers flat list of names and values. */
  writeHead(status: number, headers: string[]): unknown
  /** Until the end what is written is kept back, and then goes out in one write. */
  cork(): unknown
  write(chunk: Uint8Array): boolean
  end(chunk?: Uint8Array): unknown
  destroy(error?: Error): unknown
  on(event: 'close' | 'drain' | 'finish' | 'error', listener: () => void): unknown
  once(event: 'close' | 'drain' | 'finish' | 'error', listener: () => void): unknown
  off(event: 'close' | 'drain' | 'finish' | 'error', listener: () => void): unknown
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly writableFinished: boolean
  readonly destroyed: boolean
}

/** Serves a request, or returns false and leaves it untouched. */
export type HttpHandler = (req: HttpRequest, res: HttpResponse) => boolean

/** What carries the request: a socket, or a session with many streams. Counters and budgets hang on it. */
export type Connection = Socket | ServerHttp2Session

/** The session for HTTP/2, the socket otherwise; undefined when it is gone already. */
export function connectionOf(req: HttpRequest): Connection | undefined {
  if (req.httpVersionMajor === 2)
    return (req as unknown as Http2ServerRequest).stream.session as ServerHttp2Session | undefined
  return req.socket
}

/** True for HTTP/2, which is offered over TLS only, and for HTTP/1.1 over TLS. */
export function isEncrypted(req: HttpRequest): boolean {
  return req.httpVersionMajor === 2 || (req.socket as Partial<TLSSocket>).encrypted === true
}

/** Remote address without port; empty when the peer is gone already. */
export function remoteAddress(req: HttpRequest): string {
  return req.socket?.remoteAddress ?? ''
}

/** One header, joined where the client sent it several times. */
export function headerOf(req: HttpRequest, name: string): string | undefined {
  const value = req.headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}

/**
 * Adapts Node's own type; the classes fit the interface, their overloads do not. That of HTTP/2 does not say when it is gone,
 * whatever its type says.
 */
export function asResponse(res: ServerResponse | Http2ServerResponse): HttpResponse {
  const response = res as unknown as HttpResponse
  if ((response.destroyed as boolean | undefined) === undefined) {
    Object.defineProperty(res, 'destroyed', { get: () => (res as Http2ServerResponse).stream.destroyed })
  }
  return response
}
