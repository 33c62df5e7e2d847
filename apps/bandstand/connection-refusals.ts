import type { ConnectionRefusal } from '@bandstand/engine/http/server.ts'
import type { RefusalLog } from '@bandstand/engine/remote/refusals.ts'

const lines: Readonly<Record<ConnectionRefusal, readonly ['debug' | 'warn', string]>> = {
  connections: ['warn', 'http: too many connections'],
  // A proxy that the settings do not name is the usual cause.
  'connections-per-address': [
    'warn',
    'http: too many connections from address: see --max-http-connections-per-address, and --trust-proxy for a proxy',
  ],
  'plain-on-tls': ['debug', 'http: plain HTTP on the port that takes HTTPS'],
  'tls-on-plain': ['debug', 'http: HTTPS on the port that takes plain HTTP'],
}

/** Writes HTTP connections that were turned away into the log. */
export function logConnectionRefusals(log: RefusalLog): (remote: string, reason: ConnectionRefusal) => void {
  return (remote, reason) => {
    const [level, message] = lines[reason]
    log.refused(level, { remote }, message)
  }
}
