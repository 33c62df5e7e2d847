/** How much of a stream came damaged lately, from counts that only rise: of the period that runs and of the one before. */
export interface Damage {
  /**
   * @param count so far, since the beginning.
   * @param now ms
   * @returns how much it is now, where that is worth telling: it has begun, doubled, become less, or is over.
   */
  update(count: number, now: number): number | undefined
}

/** @param periodMs what came damaged is forgotten after one to two of them */
export function createDamage(periodMs: number, now: number): Damage {
  let since = now
  /** The count when the period before, and when this one began. */
  let [before, begun] = [0, 0]
  let last = 0
  let told = 0

  return {
    update(count, at) {
      if (at - since >= periodMs) {
        // Behind a long silence both are over.
        before = at - since >= 2 * periodMs ? last : begun
        begun = last
        since = at
      }
      last = count
      const lately = count - before
      if (lately === told || (lately > told && lately < 2 * told)) return undefined
      told = lately
      return lately
    },
  }
}
