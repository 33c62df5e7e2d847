/** Something that can give bytes back, oldest first. */
export interface MemoryHolder {
  readonly bytes: number
  /** Lets go of its oldest part; false when it keeps only what must stay. */
  release(): boolean
}

/** Bytes of parts in memory over all broadcasts, with a total limit. */
export interface MemoryBudget {
  join(holder: MemoryHolder): void
  leave(holder: MemoryHolder): void
  /** A part of so many bytes is held from now on: where the total is over its limit, whoever holds most gives back. */
  settle(grown: number): void
  readonly used: number
}

/**
 * Holders that may count the same media: parts, the hub's newest group, and of the ladder, of the rendition without B-frames and of sound
 * in AAC each the backlog and what waits for ffmpeg; that rendition's own pictures are in no part.
 */
const SHARES = 10

/** @param limit bytes. */
export function createMemoryBudget(limit: number): MemoryBudget {
  const holders = new Set<MemoryHolder>()
  /** At the last count, and of parts since: holders are many, and counted only when they could be over the limit. */
  let counted = 0
  let grown = 0
  const total = () => {
    let sum = 0
    for (const holder of holders) sum += holder.bytes
    return sum
  }
  return {
    join: (holder) => {
      holders.add(holder)
    },
    leave: (holder) => {
      holders.delete(holder)
    },
    settle(bytes) {
      grown += bytes
      if (counted + SHARES * grown <= limit) return
      const exhausted = new Set<MemoryHolder>()
      while (total() > limit) {
        let largest: MemoryHolder | undefined
        for (const holder of holders) {
          if (!exhausted.has(holder) && (largest === undefined || holder.bytes > largest.bytes)) largest = holder
        }
        if (largest === undefined) break
        if (!largest.release()) exhausted.add(largest)
      }
      counted = total()
      grown = 0
    },
    get used() {
      return total()
    },
  }
}
