import { createSocket } from 'node:dgram'
import { bindError } from '../../bind-error.ts'

/**
 * Whether the UDP port can be had, and which one it is. It is bound by another process, and only when somebody watches; a port
 * that is taken is to be told at the start.
 *
 * @param port 0 for any free one.
 * @throws EngineError `address-in-use` or `bad-request`.
 */
export function reserveUdpPort(host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.once('error', (error) => {
    reject(bindError('WebRTC', host, port, error))
    socket.close()
  })
  socket.bind({ port, address: host, exclusive: true }, () => {
    const bound = socket.address().port
    socket.close(() => resolve(bound))
  })
  return promise
}
