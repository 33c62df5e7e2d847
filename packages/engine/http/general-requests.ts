import { networkOf } from '../remote/address.ts'
import { limits } from './limits.ts'
import { type Connection, connectionOf, type HttpRequest, type HttpResponse } from './message.ts'
import { abandon } from './outbox.ts'

/** Why a request must not be worked on: too many of this connection, of its address, or of all. */
export type GeneralRefusal = 'ahead' | 'too-many'

export interface GeneralRequestsOptions {
  /** Of all connections. */
  readonly total: number
  /** Of one address. */
  readonly share: number
  /** ms after which an answer is cut that its peer does not take. */
  readonly deadline: number
}

/**
 * Counts what is worked on. Node's server hands over all requests of one read at once, and whoever reads no answers has as many
 * made as fit into a socket's buffers, over and over; what he does not take in time is cut, for he would hold his places for ever.
 */
export interface GeneralRequests {
  /**
   * Counts the request until its answer is over, or says why it is not to be worked on.
   *
   * @param remote address that its share is of; absent where many share one, as behind a proxy
   */
  admit(req: HttpRequest, res: HttpResponse, remote: string | undefined): GeneralRefusal | undefined
}

/** Bytes of answers whose length was told. */
const lengths = new WeakMap<object, number>()

/** An answer that has so many bytes gets time for as many on a thin line. @param res as it was handed over */
export function tellLength(res: object, bytes: number): void {
  lengths.set(res, bytes)
}

export function createGeneralRequests({ total, share, deadline }: GeneralRequestsOptions): GeneralRequests {
  /** What ends each request of a connection. */
  const connections = new WeakMap<Connection, Set<() => void>>()
  const networks = new Map<string, number>()
  let size = 0

  function open(connection: Connection): Set<() => void> {
    const own = new Set<() => void>()
    connections.set(connection, own)
    // Node tells only the first of several answers on a connection that this is gone.
    connection.once('close', () => {
      for (const over of [...own]) over()
    })
    return own
  }

  /** Cuts the answer where it is not over in its time. @returns what ends that */
  function limit(req: HttpRequest, res: HttpResponse): () => void {
    const begun = performance.now()
    let timer = setTimeout(look, deadline)
    function look(): void {
      const left = begun + deadline + (lengths.get(res) ?? 0) / limits.leastRate - performance.now()
      if (left <= 0) return abandon(req, res)
      timer = setTimeout(look, left)
      timer.unref()
    }
    timer.unref()
    return () => clearTimeout(timer)
  }

  return {
    admit(req, res, remote) {
      const connection = connectionOf(req)
      if (connection === undefined) return 'ahead'
      const own = connections.get(connection) ?? open(connection)
      // Streams of HTTP/2 have a limit of their own.
      if (req.httpVersionMajor === 1 && own.size >= limits.requestsAhead) return 'ahead'
      const network = remote === undefined ? undefined : networkOf(remote)
      const ofNetwork = network === undefined ? 0 : (networks.get(network) ?? 0)
      if (size >= total || ofNetwork >= share) return 'too-many'
      size++
      if (network !== undefined) networks.set(network, ofNetwork + 1)
      const unlimit = limit(req, res)
      const over = () => {
        if (!own.delete(over)) return
        unlimit()
        size--
        const left = network === undefined ? 0 : (networks.get(network) ?? 0) - 1
        if (network !== undefined && left > 0) networks.set(network, left)
        else if (network !== undefined) networks.delete(network)
      }
      own.add(over)
      res.once('close', over)
      return undefined
    },
  }
}
