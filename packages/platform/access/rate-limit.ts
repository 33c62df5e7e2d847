/** How often something may happen: `burst` at once, then one more every `interval` ms. */
export interface Rate {
  readonly burst: number
  readonly interval: number
}

/** Token buckets by name. */
export interface RateLimit {
  /** 0 when it may happen now (and is counted), else ms to wait. */
  take(name: string, now: number): number
  /** Forgets what was counted. */
  forget(name: string): void
}

/**
 * At most `names` buckets are kept; the least recently used goes first, so that a flood of names costs no memory. An attacker
 * with that many addresses is limited in total instead.
 * @param now in the calls: monotonic or wall clock ms
 */
export function createRateLimit({ burst, interval }: Rate, names: number): RateLimit {
  /** When the bucket will be full again. */
  const fullAt = new Map<string, number>()
  return {
    take(name, now) {
      const full = Math.max(fullAt.get(name) ?? now, now)
      // `burst` events fit between a full bucket and an empty one.
      const wait = full + interval - (now + burst * interval)
      if (wait > 0) return wait
      fullAt.delete(name)
      if (fullAt.size >= names) {
        const oldest = fullAt.keys().next()
        if (!oldest.done) fullAt.delete(oldest.value)
      }
      fullAt.set(name, full + interval)
      return 0
    },
    forget(name) {
      fullAt.delete(name)
    },
  }
}
