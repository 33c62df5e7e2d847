import { networkOf, plainAddress } from '../remote/address.ts'

/**
 * Counts offers under way and the sessions that they become, of the whole server and of each remote address; of IPv6 a /64 network is
 * one, for a single host has all of it.
 */
export interface Places {
  /** False where there is none left. */
  take(remote: string): boolean
  release(remote: string): void
}

export function createPlaces(limits: { readonly sessions: number; readonly sessionsPerAddress: number }): Places {
  const perNetwork = new Map<string, number>()
  let taken = 0
  const networkOfRemote = (remote: string) => networkOf(plainAddress(remote))

  return {
    take(remote) {
      const network = networkOfRemote(remote)
      const count = perNetwork.get(network) ?? 0
      if (taken >= limits.sessions || count >= limits.sessionsPerAddress) return false
      taken++
      perNetwork.set(network, count + 1)
      return true
    },
    release(remote) {
      const network = networkOfRemote(remote)
      taken--
      const left = (perNetwork.get(network) ?? 1) - 1
      if (left === 0) perNetwork.delete(network)
      else perNetwork.set(network, left)
    },
  }
}
