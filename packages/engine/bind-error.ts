import { EngineError } from './error.ts'

/**
 * An address that cannot be listened on, in words for the person at the terminal.
 *
 * @param service `HTTP`, `RTMP`
 * @returns EngineError `address-in-use` or `bad-request`
 */
export function bindError(service: string, host: string, port: number, cause: NodeJS.ErrnoException): EngineError {
  const inUse = cause.code === 'EADDRINUSE'
  const why = inUse ? 'another program listens there' : (cause.code ?? cause.message)
  return new EngineError(
    inUse ? 'address-in-use' : 'bad-request',
    `${service} ${host}:${port}: ${why}`,
    { host, port },
    cause,
  )
}
