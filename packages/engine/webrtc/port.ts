import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { bindError } from '../bind-error.ts'

/**
 * Whether the UDP port can be had, and which one it is. It is bound by another process, and only when somebody watches; a port
 * that is taken is to be told at the start.
 *
 * @param port 0 for any free one.
 * @throws EngineError `address-in-use` or `bad-request`.
 */
export async function reserveUdpPort(host: string, port: number): Promise<number> {
  return release(await hold(host, port))
}

/**
 * The same of a port and the next one, which is to be known without looking, for a firewall may have to let it in.
 *
 * @param port 0 for any two free ones; 65534 at most.
 * @throws EngineError as `reserveUdpPort`.
 */
export async function reserveUdpPair(host: string, port: number): Promise<readonly [number, number]> {
  // Held meanwhile: of any two the second could be the first again.
  const first = await hold(host, port)
  try {
    const next = await release(await hold(host, port === 0 ? 0 : port + 1))
    return [first.address().port, next]
  } finally {
    await release(first)
  }
}

function hold(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.once('error', (error) => {
    reject(bindError('WebRTC', host, port, error))
    socket.close()
  })
  socket.bind({ port, address: host, exclusive: true }, () => resolve(socket))
  return promise
}

async function release(socket: Socket): Promise<number> {
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
