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
  /** A holder grew: where the total is over its limit, whoever holds most gives back. */
  settle(): void
  readonly used: number
}

/** @param limit bytes. */
export function createMemoryBudget(limit: number): MemoryBudget {
  const holders = new Set<MemoryHolder>()
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
    settle() {
      const exhausted = new Set<MemoryHolder>()
      while (total() > limit) {
        let largest: MemoryHolder | undefined
        for (const holder of holders) {
          if (!exhausted.has(holder) && (largest === undefined || holder.bytes > largest.bytes)) largest = holder
        }
        if (largest === undefined) return
        if (!largest.release()) exhausted.add(largest)
      }
    },
    get used() {
      return total()
    },
  }
}
