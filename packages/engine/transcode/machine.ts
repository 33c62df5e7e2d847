import { availableParallelism } from 'node:os'
import { CAPACITY_LIMITS, LADDER_LIMITS } from './limits.ts'

/** What the ladders of a machine have to share. `now` is milliseconds of a steady clock. */
export interface LadderMachine {
  /** Ladders that may run at once. */
  readonly most: number
  readonly hasRoom: boolean
  /** Takes a place, or keeps it; false where there is none. */
  join(ladder: object): boolean
  leave(ladder: object): void
  /** Whether a rung that was shed may come back: one at a time, for what it costs is seen later. */
  mayRestore(now: number): boolean
  restored(now: number): void
}

export function createLadderMachine(most = LADDER_LIMITS.perProcessor * availableParallelism()): LadderMachine {
  const running = new Set<object>()
  let restoredAt = Number.NEGATIVE_INFINITY
  return {
    most,
    get hasRoom() {
      return running.size < most
    },
    join(ladder) {
      if (running.size >= most && !running.has(ladder)) return false
      running.add(ladder)
      return true
    },
    leave: (ladder) => void running.delete(ladder),
    mayRestore: (now) => now - restoredAt >= CAPACITY_LIMITS.restores,
    restored(now) {
      restoredAt = now
    },
  }
}
