import { EngineError } from './error.ts'

/**
 * An address that cannot be listened on, in words for the person at the terminal.
 *
 * @param service `HTTP`, `RTMP`
 * @returns EngineError `address-in-use` or `bad-request`
 */
export function bindError(service: string, host: string, port: number, cause: NodeJS.ErrnoException): EngineError {
  return new EngineError(
    cause.code === 'EADDRINUSE' ? 'address-in-use' : 'bad-request',
    `${service} ${host.includes(':') ? `[${host}]` : host}:${port}: ${whyUnbound(cause)}`,
    { host, port },
    cause,
  )
}

/** Why an address cannot be listened on, in the same words. @param error of the socket */
export function whyUnbound(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address'
    case 'EACCES':
    case 'EPERM':
      return 'this user may not listen there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no machine of this name'
    case 'EAFNOSUPPORT':
      return 'this machine does not speak this kind of address'
    case undefined:
      return message
    default:
      return code
  }
}
