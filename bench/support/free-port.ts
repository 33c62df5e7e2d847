import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A TCP port that was free just now, for programs that cannot say which one they took. None of those that the system gives to
 * whoever names none (Linux: from 32768 on): such a one may be another's before the program has begun.
 */
export function freePort(): Promise<number> {
  return free(async (port) => {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    await new Promise((done) => server.close(done))
  })
}

/** The same of UDP. */
export function freeUdpPort(): Promise<number> {
  return free(async (port) => {
    const socket = createSocket('udp4').bind(port, '127.0.0.1')
    await once(socket, 'listening')
    await new Promise<void>((done) => void socket.close(done))
  })
}

/** @param take holds a port for a moment; rejects where another has it. */
async function free(take: (port: number) => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(11_000, 32_000)
    try {
      await take(port)
      return port
    } catch (error) {
      if (tries === 50) throw error
    }
  }
}
