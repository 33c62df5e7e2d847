import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'

/** Certificate and key, PEM. */
export interface TlsPair {
  readonly cert: Buffer | string
  readonly key: Buffer | string
}

/** What is wrong with what an encoder sends in place of a handshake, and the text that says what to change. */
export interface TlsFault {
  readonly kind: 'no-tls' | 'too-old' | 'certificate' | 'handshake'
  readonly text: string
}

/** The server's side of TLS, on sockets that somebody else accepts, counts and gives their time. */
export interface TlsSide {
  /** What comes out is the encoder's bytes once it has shaken hands. */
  wrap(socket: Socket, remote: string): TLSSocket
  /** For sockets from now on: those that there are keep what they agreed on. @throws Error where the two cannot be used */
  renew(pair: TlsPair): void
}

/**
 * TLS 1.2 and newer: older encoders are told so by an alert of TLS itself, which is all that can be said to them.
 *
 * @param onFault is told of what is no TLS, or too old, and what to change
 * @throws Error where certificate and key cannot be used
 */
export function createTlsSide(pair: TlsPair, onFault: (remote: string, fault: TlsFault) => void): TlsSide {
  const contextOf = ({ cert, key }: TlsPair): SecureContext => createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  let secureContext = contextOf(pair)
  return {
    wrap(socket, remote) {
      const secured = new TLSSocket(socket, { isServer: true, secureContext })
      secured.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
        const fault = faultOf(code)
        if (fault !== undefined) onFault(remote, fault)
      })
      return secured
    },
    renew(next) {
      secureContext = contextOf(next)
    },
  }
}

/** `undefined` for a connection that was lost. */
function faultOf(code: string): TlsFault | undefined {
  if (!code.startsWith('ERR_SSL_')) return undefined
  const name = code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')
  // What plain RTMP begins with is no record of TLS that OpenSSL knows.
  if (/unexpected message|wrong version number|http request|bad record type/.test(name)) {
    const text = 'no TLS was spoken: give the encoder rtmps:// for this port, or the port of rtmp://'
    return { kind: 'no-tls', text }
  }
  if (/unsupported protocol|version too low/.test(name))
    return { kind: 'too-old', text: 'the encoder is too old: TLS 1.2 is needed' }
  if (/certificate unknown|unknown ca|bad certificate|certificate expired/.test(name)) {
    const text = `the encoder does not take the certificate (${name}): its name and its issuer must be known to the encoder`
    return { kind: 'certificate', text }
  }
  return { kind: 'handshake', text: `no TLS handshake (${name})` }
}
