import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { bindError } from '../bind-error.ts'
import { networkOf, plainAddress } from '../remote/address.ts'
import { createDirectConnections } from './direct/connections.ts'
import { createGeneralRequests, type GeneralRequests } from './general-requests.ts'
import { hostFault } from './host.ts'
import { limits as defaults } from './limits.ts'
import { asResponse, type HttpHandler, type HttpRequest, type HttpResponse, remoteAddress } from './message.ts'
import { createServer } from './node-http.ts'
import { busy, sendProblem } from './problem.ts'
import { markShared } from './shared-connections.ts'
import { limitBody } from './slow-bodies.ts'

/** Certificate and key, both in PEM form. */
export interface TlsPair {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

export interface HttpServerOptions {
  /** With them HTTP/2 is offered besides HTTP/1.1 over TLS. */
  readonly tls?: TlsPair
  /** Asked in order until one serves the request. */
  readonly handlers: readonly HttpHandler[]
  /** Everything that no handler serves; a web framework is mounted here. */
  fallback(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): void
  /** WebSockets; false where nobody takes them, which is answered with 404. Without it they are ordinary requests. */
  upgrade?(req: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** A handler threw (the answer is a cut connection, for part of it may have been sent), or accepting failed. */
  onError?(error: unknown): void
  /** A connection was turned away before it could ask for anything. */
  onRefused?(remote: string, reason: ConnectionRefusal): void
  /** Addresses for which `connectionsPerAddress` does not count: proxies. */
  exempt?(address: string): boolean
  /** Address of who asks, plain; the peer's unless said, which may be a proxy's. */
  remoteOf?(req: HttpRequest): string
  /** Addresses whose HTTP/2 connections carry the requests of many viewers: proxies. */
  shares?(address: string): boolean
  readonly limits?: Partial<
    Record<
      | 'connections'
      | 'connectionsPerAddress'
      | 'generalRequests'
      | 'generalPerAddress'
      | 'bodiesPerAddress'
      | 'answerTimeout'
      | 'requestTimeout',
      number
    >
  >
}

/** `plain-on-tls`: plain HTTP spoken to the port that takes HTTPS; `tls-on-plain`: the other way round. */
export type ConnectionRefusal = 'connections' | 'connections-per-address' | 'plain-on-tls' | 'tls-on-plain'

export interface HttpServer {
  /** The server itself, for who must mount on it. */
  readonly server: Server | Http2SecureServer
  /** Binds; throws EngineError `address-in-use` or `bad-request`. */
  listen(port: number, host: string): Promise<{ readonly host: string; readonly port: number }>
  /** Connections open now. */
  connections(): number
  /** Shows another certificate to whoever connects from now on; of a server that has one. */
  renew(tls: TlsPair): void
  /** Stops accepting, lets answers finish, cuts what is left after `deadline` milliseconds. */
  close(deadline: number): Promise<void>
}

const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS'])
const PROBES = new Set(['/healthz', '/readyz'])

/** HTTP/1.1, or HTTP/1.1 and HTTP/2 over TLS when there is a certificate; the same handlers serve both. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const limits = { ...defaults, ...options.limits }
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const perNetwork = new Map<string, number>()

  const deadline = limits.answerTimeout
  const general = createGeneralRequests({ deadline, total: limits.generalRequests, share: limits.generalPerAddress })
  const bodies = createGeneralRequests({ deadline, total: limits.bodies, share: limits.bodiesPerAddress })
  // Pages that nobody takes must not have the server taken for one that hangs.
  const probes = createGeneralRequests({ deadline, total: limits.probes, share: limits.probesPerAddress })

  /** Says so where it is not to be worked on. */
  function isAdmitted(to: GeneralRequests, req: IncomingMessage | Http2ServerRequest, res: HttpResponse): boolean {
    const address = plainAddress(options.remoteOf?.(req) ?? remoteAddress(req))
    const refused = to.admit(req, res, options.shares?.(address) === true ? undefined : address)
    if (refused === 'too-many') sendProblem(req, res, busy())
    else if (refused === 'ahead') req.socket.destroy()
    return refused === undefined
  }

  const serve = (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse) => {
    // What came in one read with what cut the connection.
    if (req.httpVersionMajor === 1 && req.socket.destroyed) return
    try {
      const response = asResponse(res)
      const fault = req.httpVersionMajor === 1 ? hostFault(req) : undefined
      if (fault !== undefined) {
        // Whoever is in between may have understood another host: nothing more is taken from it (RFC 9112 §11.2).
        const headers = ['Connection', 'close']
        sendProblem(req, response, { status: 400, code: 'bad-request', detail: fault, headers })
        return
      }
      const hasBody = !BODILESS.has(req.method ?? '')
      if (hasBody) {
        if (!isAdmitted(bodies, req, response)) return
        limitBody(req, response, limits.requestTimeout)
      }
      for (const handler of options.handlers) if (handler(req, response)) return
      if (hasBody || isAdmitted(PROBES.has(req.url ?? '') ? probes : general, req, response)) options.fallback(req, res)
    } catch (error) {
      options.onError?.(error)
      res.destroy()
    }
  }

  const server = options.tls === undefined ? createPlain() : createSecure(options.tls)
  const direct = options.tls === undefined ? serveDirectly(server as Server) : undefined
  // The types do not say that the secure server has these for its HTTP/1.1 side; it does.
  const timeouts = server as Server
  timeouts.keepAliveTimeout = limits.keepAliveTimeout
  timeouts.headersTimeout = limits.headersTimeout
  timeouts.requestTimeout = limits.requestTimeout
  // Clients offer HTTP/2 on plain connections (`Upgrade: h2c`) and expect an ordinary answer of who does not know it
  // (RFC 9110 §7.8). An option of the plain server only, but looked up on either.
  Object.assign(server, {
    shouldUpgradeCallback: (req: IncomingMessage) =>
      options.upgrade !== undefined && req.headers.upgrade?.toLowerCase() === 'websocket',
  })
  server.maxConnections = limits.connections
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const network = networkOf(address)
    const count = perNetwork.get(network) ?? 0
    if (count >= limits.connectionsPerAddress && options.exempt?.(address) !== true) {
      options.onRefused?.(address, 'connections-per-address')
      socket.destroy()
      return
    }
    perNetwork.set(network, count + 1)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (perNetwork.get(network) ?? 1) - 1
      if (left === 0) perNetwork.delete(network)
      else perNetwork.set(network, left)
    })
    direct?.accept(socket)
  })
  server.on('drop', (dropped?: { readonly remoteAddress?: string }) => {
    options.onRefused?.(plainAddress(dropped?.remoteAddress ?? ''), 'connections')
  })
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    if (options.tls === undefined && isTls(error)) {
      options.onRefused?.(plainAddress((socket as Socket).remoteAddress ?? ''), 'tls-on-plain')
      socket.destroy()
    } else refuse(error, socket)
  })
  if (options.upgrade !== undefined) {
    const { upgrade } = options
    server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A peer that resets an upgraded connection must not end the process.
      socket.on('error', () => socket.destroy())
      if (hostFault(req) !== undefined) answer(socket, '400 Bad Request', 'bad-request')
      else if (!upgrade(req, socket, head)) answer(socket, '404 Not Found', 'not-found')
    })
  }

  function createPlain(): Server {
    return createServer(
      {
        ...{ maxHeaderSize: limits.headers, connectionsCheckingInterval: 2_000, noDelay: true, keepAlive: true },
        // Ours says more.
        requireHostHeader: false,
      },
      serve,
    )
  }

  /** Simple requests are served on the bare connection; Node's own listener gets those connections that ask for more. */
  function serveDirectly(plain: Server) {
    const [general] = plain.listeners('connection') as ((socket: Socket) => void)[]
    plain.removeAllListeners('connection')
    return createDirectConnections({
      handlers: options.handlers,
      handOver(socket, bytes) {
        general?.call(plain, socket)
        socket.unshift(bytes)
      },
      onError: (error) => options.onError?.(error),
    })
  }

  function createSecure(tls: TlsPair): Http2SecureServer {
    const secure = createSecureServer(
      {
        ...tls,
        allowHTTP1: true,
        requireHostHeader: false,
        maxHeaderSize: limits.headers,
        settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headers, enablePush: false },
        // Node counts what has been written and not been taken, megabytes, and refuses streams beyond: the outbox does that,
        // and knows proxies.
        maxSessionMemory: Math.ceil(limits.sharedBytes / 1e6),
        handshakeTimeout: limits.headersTimeout,
      } as Parameters<typeof createSecureServer>[0],
      serve,
    )
    secure.on('session', (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
      if (options.shares?.(plainAddress(session.socket.remoteAddress ?? '')) === true) {
        markShared(session)
        session.settings({ maxConcurrentStreams: limits.sharedStreams })
      }
      session.setTimeout(limits.keepAliveTimeout, () => session.close())
      session.on('error', () => session.destroy())
    })
    secure.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const raw = error.code === 'ERR_SSL_HTTP_REQUEST' ? rawSocket(socket) : undefined
      if (raw === undefined) return socket.destroy()
      options.onRefused?.(plainAddress(raw.remoteAddress ?? ''), 'plain-on-tls')
      sayHttps(raw)
    })
    return secure
  }

  return {
    server,
    connections: () => sockets.size,
    renew(tls) {
      if ('setSecureContext' in server) server.setSecureContext({ ...tls })
    },
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        const onError = (error: NodeJS.ErrnoException) => reject(bindError('HTTP', host, port, error))
        server.once('error', onError)
        server.listen({ port, host, backlog: limits.backlog }, () => {
          server.off('error', onError)
          // A connection that cannot be accepted, for lack of file handles for example, must not end the process.
          server.on('error', (error) => options.onError?.(error))
          const address = server.address() as AddressInfo
          resolve({ host: address.address, port: address.port })
        })
      }),
    close: (deadline) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          for (const socket of sockets) socket.destroy()
        }, deadline)
        // A connection that becomes idle after the call would otherwise stay for its keep-alive time.
        const idle = setInterval(() => {
          if ('closeIdleConnections' in server) server.closeIdleConnections()
        }, 50)
        server.close(() => {
          clearTimeout(cut)
          clearInterval(idle)
          resolve()
        })
        direct?.close()
        for (const session of sessions) session.close()
      }),
  }
}

/** What Node's parser says of a request, with the bytes it choked on. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer }

/** A handshake record of TLS (RFC 8446 §5.1): whoever sends it would not understand an answer in plain text. */
function isTls({ rawPacket }: ParseError): boolean {
  return rawPacket?.[0] === 0x16 && rawPacket[1] === 3
}

/**
 * The TCP connection under an encrypted one whose handshake failed: that is destroyed by then, this is still open. Node has
 * no public name for it.
 */
function rawSocket(socket: object): Socket | undefined {
  const { _parent: raw } = socket as { readonly _parent?: Socket }
  return raw?.writable === true ? raw : undefined
}

/** Milliseconds that a peer which is turned away has to read why. */
const LINGER_MS = 1_000

/** Who came with plain HTTP gets an answer in it, as nginx does; the request itself has gone into the TLS parser. */
function sayHttps(raw: Socket): void {
  const body = 'This port takes HTTPS: write https:// at the beginning of the address.\n'
  raw.on('error', () => raw.destroy())
  raw.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
  // Closing with bytes unread would reset the connection, and the answer would be lost.
  raw.resume()
  setTimeout(() => raw.destroy(), LINGER_MS).unref()
}

/** Answers what cannot be parsed (RFC 9110 §15.5.1), where anything can be answered at all. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  answer(socket, status, 'bad-request')
}

/** A problem, written to the bare connection, which ends with it. */
function answer(socket: Duplex, status: string, code: string): void {
  const body = JSON.stringify({ type: 'about:blank', title: status.slice(4), status: Number(status.slice(0, 3)), code })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
