/**
 * Where the segments of a broadcast begin, in ticks of 90 kHz: one list for all tracks. Whoever leads appends; every track
 * follows at its own pace and cuts at its nearest frame.
 */
export interface CutList {
  /** Media sequence number of the newest segment. */
  readonly newest: number
  /** Begin of the newest segment. */
  readonly newestStart: number
  /** Begin of segment `msn`; `undefined` when it is not decided yet or long past. */
  startOf(msn: number): number | undefined
  /** Whether segment `msn` begins with a key frame of the track that leads; `undefined` as for `startOf`. */
  opensWithKey(msn: number): boolean | undefined
  /** Ends the newest segment at `at` and opens the next, where a key frame is or not. */
  cut(at: number, key: boolean): void
  /** Forgets segments before `msn`. */
  forget(msn: number): void
}

export function createCutList(msn: number, start: number): CutList {
  let first = msn
  let starts = [start]
  /** An encoder that comes begins with one. */
  let keys = [true]
  return {
    get newest() {
      return first + starts.length - 1
    },
    get newestStart() {
      return starts.at(-1) ?? start
    },
    startOf: (wanted) => starts[wanted - first],
    opensWithKey: (wanted) => keys[wanted - first],
    cut(at, key) {
      starts.push(at)
      keys.push(key)
    },
    forget(before) {
      const count = Math.min(before - first, starts.length - 1)
      if (count <= 0) return
      starts = starts.slice(count)
      keys = keys.slice(count)
      first += count
    },
  }
}
