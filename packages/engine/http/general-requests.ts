import { limits } from './limits.ts'
import { type Connection, connectionOf, type HttpRequest, type HttpResponse } from './message.ts'

/** Why the fallback must not work on a request: too many of this connection, or of all. */
export type GeneralRefusal = 'ahead' | 'too-many'

/**
 * Counts what the fallback works on. Node's server hands over all requests of one read at once, and whoever reads no answers
 * has as many pages made as fit into a socket's buffers, over and over.
 */
export interface GeneralRequests {
  /** Counts the request until its answer is over, or says why it is not to be worked on. */
  admit(req: HttpRequest, res: HttpResponse): GeneralRefusal | undefined
}

/** @param total of all connections */
export function createGeneralRequests(total: number): GeneralRequests {
  const connections = new WeakMap<Connection, { size: number }>()
  let size = 0

  function open(connection: Connection): { size: number } {
    const own = { size: 0 }
    connections.set(connection, own)
    // Node tells only the first of several answers on a connection that this is gone.
    connection.once('close', () => {
      size -= own.size
      own.size = 0
    })
    return own
  }

  return {
    admit(req, res) {
      const connection = connectionOf(req)
      if (connection === undefined) return 'ahead'
      const own = connections.get(connection) ?? open(connection)
      // Streams of HTTP/2 have a limit of their own.
      if (req.httpVersionMajor === 1 && own.size >= limits.requestsAhead) return 'ahead'
      if (size >= total) return 'too-many'
      size++
      own.size++
      res.once('close', () => {
        if (own.size === 0) return
        size--
        own.size--
      })
      return undefined
    },
  }
}
