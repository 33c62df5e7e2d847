import { networkOf } from '../remote/address.ts'
import type { SrtListenerLimits } from './limits.ts'

/**
 * Counts handshakes that cost something, in each second: of one address, and of all. Once there are many, only the first of each address is
 * allowed: a few who repeat themselves without end keep nobody else out.
 */
export interface Attempts {
  /** @param remote plain. @param now ms. @returns false where there are too many */
  allow(remote: string, now: number): boolean
}

export function createAttempts(
  limits: Pick<SrtListenerLimits, 'attempts' | 'repeatedAttempts' | 'attemptsPerAddress' | 'addresses'>,
): Attempts {
  const counts = new Map<string, number>()
  let all = 0
  let since = Number.NEGATIVE_INFINITY
  return {
    allow(remote, now) {
      if (now - since >= 1000) {
        counts.clear()
        all = 0
        since = now
      }
      const network = networkOf(remote)
      const count = counts.get(network) ?? 0
      const most = count === 0 ? limits.attempts : limits.repeatedAttempts
      if (all >= most || count >= limits.attemptsPerAddress) return false
      if (count === 0 && counts.size >= limits.addresses) return false
      counts.set(network, count + 1)
      all++
      return true
    },
  }
}
