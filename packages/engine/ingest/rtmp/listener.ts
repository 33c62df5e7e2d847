import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { bindError } from '../../bind-error.ts'
import type { Log, PublishPort } from '../../ports.ts'
import { networkOf, plainAddress } from '../../remote/address.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { type RtmpConnection, serveRtmpConnection } from './connection.ts'
import { createGulps } from './gulps.ts'
import type { RtmpListenerLimits } from './limits.ts'
import { createTlsSide, type TlsPair } from './tls-side.ts'

export interface RtmpListenerOptions {
  /** Port 0 takes any free one. */
  readonly address: { readonly host: string; readonly port: number }
  /** Certificate and key: the listener is one for RTMPS, and takes nothing else. */
  readonly tls?: TlsPair
  readonly publishPort: PublishPort
  readonly log: Log
  /** `RTMP_LISTENER_LIMITS`, changed where the owner wants it. */
  readonly limits: RtmpListenerLimits
}

export interface RtmpListener {
  /** As bound. */
  readonly address: { readonly host: string; readonly port: number }
  /** Open connections. */
  connections(): number
  /** Connections from now on get this certificate; those that are open stay as they are. Without effect on a listener for RTMP. */
  renew(tls: TlsPair): void
  /** Stops accepting and ends all connections as lost ones, within `limits.closeMs`. */
  close(): Promise<void>
}

/** Listens for RTMP or RTMPS encoders. @throws EngineError `address-in-use` or `bad-request` when the address cannot be bound. */
export async function startRtmpListener(options: RtmpListenerOptions): Promise<RtmpListener> {
  const { log, limits, publishPort } = options
  const protocol = options.tls === undefined ? 'rtmp' : 'rtmps'
  const connections = new Set<RtmpConnection>()
  /** Not among `connections`: they are only being told why. */
  const turnedAway = new Set<RtmpConnection>()
  const perNetwork = new Map<string, number>()
  const refusals = createRefusalLog(log)
  const gulps = createGulps(limits.gulpMs)
  const tls =
    options.tls === undefined
      ? undefined
      : createTlsSide(options.tls, (remote, { kind, text }) => {
          refusals.refused('info', { remote, reason: 'handshake', text }, 'rtmps: encoder closed', kind)
        })
  const common = { protocol, publishPort, log, refusals, gulps, limits } as const
  /** The handshake of TLS counts as part of that of RTMP, and all of it has its time. */
  const speaking = (socket: Socket, remote: string): Duplex => tls?.wrap(socket, remote) ?? socket

  /** Connections that never come to publishing, from however many addresses, keep no encoder out. */
  function makeRoom(): boolean {
    for (const connection of connections) {
      if (connection.isPublishing) continue
      const fields = { remote: connection.remote, reason: 'limit' }
      refusals.refused('warn', fields, `${protocol}: too many connections, the oldest that did not publish was closed`)
      connections.delete(connection)
      connection.destroy()
      return true
    }
    return false
  }

  function turnAway(socket: Socket, remote: string, isCrowded: boolean): void {
    const message = isCrowded ? `${protocol}: too many connections from address` : `${protocol}: too many connections`
    refusals.refused('warn', { remote, reason: 'limit' }, message)
    if (turnedAway.size >= limits.turnedAway) {
      // Without a handshake there is no way to say why, and a flood is owed none.
      socket.on('error', () => {})
      socket.resetAndDestroy()
      return
    }
    const rejection = isCrowded
      ? 'Too many encoders are connected from your address: stop those that are not needed, and try again.'
      : 'Too many encoders are connected to this server: try again later.'
    const connection = serveRtmpConnection({ ...common, socket: speaking(socket, remote), remote, rejection })
    turnedAway.add(connection)
    void connection.closed.then(() => turnedAway.delete(connection))
  }

  const accept = (socket: Socket): void => {
    const remote = plainAddress(socket.remoteAddress ?? '')
    const network = networkOf(remote)
    const count = perNetwork.get(network) ?? 0
    const isCrowded = count >= limits.connectionsPerAddress
    if (isCrowded || (connections.size >= limits.connections && !makeRoom())) {
      turnAway(socket, remote, isCrowded)
      return
    }
    perNetwork.set(network, count + 1)
    const connection = serveRtmpConnection({ ...common, socket: speaking(socket, remote), remote })
    connections.add(connection)
    void connection.closed.then(() => {
      connections.delete(connection)
      const left = (perNetwork.get(network) ?? 1) - 1
      if (left === 0) perNetwork.delete(network)
      else perNetwork.set(network, left)
    })
  }

  // The high-water mark is for `gulps`; a socket that flows never comes near any. TLS reads from its own buffer.
  const server = createServer({ noDelay: true, ...(tls === undefined && { highWaterMark: 1 }) }, accept)
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(options.address.port, options.address.host, resolve)
  try {
    await listening
  } catch (error) {
    throw bindError(protocol.toUpperCase(), options.address.host, options.address.port, error as NodeJS.ErrnoException)
  }
  server.off('error', reject)
  server.on('error', ({ message }) => refusals.refused('error', { error: message }, `${protocol}: accept failed`))
  const bound = server.address() as AddressInfo

  return {
    address: { host: bound.address, port: bound.port },
    connections: () => connections.size,
    renew: (pair) => tls?.renew(pair),
    async close() {
      server.close()
      const all = [...connections, ...turnedAway]
      for (const connection of all) connection.close()
      const timer = setTimeout(() => {
        for (const connection of all) connection.destroy()
      }, limits.closeMs)
      await Promise.all(all.map((connection) => connection.closed))
      clearTimeout(timer)
      refusals.close()
    },
  }
}
