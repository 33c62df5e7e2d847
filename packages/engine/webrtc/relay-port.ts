import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { withPort } from './answer.ts'
import type { AnsweringOptions } from './answering.ts'
import { PROCESS_LIMITS } from './limits.ts'
import { mendTieBreaker } from './tie-breaker.ts'

export interface RelayPortOptions {
  readonly host: string
  readonly port: number
  /** The library's own port on the same host. */
  readonly to: number
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** It is open. */
  readonly onOpen: () => void
  readonly onError: (error: Error) => void
}

/**
 * A second UDP port for viewers whose TURN relay is reached by TCP or TLS: their checks the library would refuse (`tie-breaker.ts`). Who
 * comes with such a check is led to the library's port, each by a socket of its own, as by a router with NAT; nobody else is answered.
 */
export interface RelayPort {
  /** A connection whose answer names this port too, and that is let in here until it has closed. */
  admit<T extends Pick<AnsweringOptions, 'onAnswer' | 'onClosed'>>(options: T): T
  close(): void
}

/** What cannot be sent is lost, as anything may be on the way. */
const ignore = () => {}

/** A viewer's way through here. */
interface Way {
  readonly socket: Socket
  readonly ufrag: string
  heardAt: number
}

export function createRelayPort({ host, port, to, now, onOpen, onError }: RelayPortOptions): RelayPort {
  const passwords = new Map<string, string>()
  /** By the relay's address. */
  const ways = new Map<string, Way>()
  /** Where the library is: the host may be a name, or written otherwise than senders are told. */
  let own = ''
  const outside = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  outside.once('error', onError)
  outside.once('listening', () => {
    outside.off('error', onError)
    outside.on('error', ignore)
    const bound = outside.address().address
    own = bound === '0.0.0.0' || bound === '::' ? '127.0.0.1' : bound
    onOpen()
  })
  outside.on('message', receive)
  outside.bind({ port, address: host, exclusive: true })
  const sweeper = setInterval(() => {
    for (const [relay, way] of ways) if (now() - way.heardAt > PROCESS_LIMITS.relaySilenceMs) end(relay, way)
  }, PROCESS_LIMITS.relaySilenceMs)
  sweeper.unref()

  function receive(datagram: Uint8Array, { address, port: from }: RemoteInfo): void {
    // Anybody may say so, and sending there throws.
    if (from === 0) return
    const relay = `${address} ${from}`
    const mended = mendTieBreaker(datagram, (ufrag) => passwords.get(ufrag))
    const way = ways.get(relay) ?? (mended && open(relay, mended.ufrag, address, from))
    if (way === undefined) return
    way.heardAt = now()
    way.socket.send(mended?.datagram ?? datagram, to, own, ignore)
  }

  function open(relay: string, ufrag: string, address: string, from: number): Way | undefined {
    const others = [...ways.values()].filter((way) => way.ufrag === ufrag)
    if (ways.size >= PROCESS_LIMITS.relays || others.length >= PROCESS_LIMITS.relaysPerPeer) return undefined
    const socket = createSocket(own.includes(':') ? 'udp6' : 'udp4')
    const way = { socket, ufrag, heardAt: now() }
    socket.on('message', (datagram, sender) => {
      if (sender.port === to && sender.address === own) outside.send(datagram, from, address, ignore)
    })
    socket.on('error', () => end(relay, way))
    ways.set(relay, way)
    return way
  }

  function end(relay: string, way: Way): void {
    if (ways.get(relay) !== way) return
    ways.delete(relay)
    way.socket.close()
  }

  return {
    admit(options) {
      let ufrag: string | undefined
      return {
        ...options,
        onAnswer(sdp) {
          ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
          const password = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1]
          if (ufrag !== undefined && password !== undefined) passwords.set(ufrag, password)
          options.onAnswer(withPort(sdp, port))
        },
        onClosed() {
          if (ufrag !== undefined) passwords.delete(ufrag)
          for (const [relay, way] of ways) if (way.ufrag === ufrag) end(relay, way)
          options.onClosed()
        },
      }
    },
    close() {
      clearInterval(sweeper)
      for (const [relay, way] of ways) end(relay, way)
      outside.close()
    },
  }
}
