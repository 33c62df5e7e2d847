import { CAPACITY_LIMITS } from './limits.ts'

/** How a running ladder and the machine are doing. */
export interface CapacityLook {
  /** Seconds that the slowest rung is behind the source's last picture but one. */
  readonly lag: number
  /** Processes that want to run, for each processor. */
  readonly load: number
}

export type CapacityVerdict =
  /** The most expensive rung must go. */
  | 'shed'
  /** The rung that went last may come back. */
  | 'restore'
  | undefined

/** Decides, a look at a time, whether a ladder is too much. Pure: `now` is milliseconds. */
export interface CapacityGuard {
  /** Rungs that are gone. */
  readonly shed: number
  look(look: CapacityLook, now: number): CapacityVerdict
  /** It reads so slowly that nothing more could be given to it. */
  overwhelmed(now: number): CapacityVerdict
  /** ffmpeg has been started anew: it begins behind and catches up. */
  restarted(): void
}

/** @param most rungs that can be shed. */
export function createCapacityGuard(most: number): CapacityGuard {
  let shed = 0
  let bad = 0
  let before = Number.POSITIVE_INFINITY
  let pause: number = CAPACITY_LIMITS.pause
  let until = 0
  let restoredAt = Number.NEGATIVE_INFINITY

  function overwhelmed(now: number): CapacityVerdict {
    if (shed >= most) return undefined
    // Soon after one came back means that this was wrong; soon after another went, that one was not enough.
    if (now - restoredAt < 2 * pause) pause = Math.min(pause * 2, CAPACITY_LIMITS.longestPause)
    else if (shed === 0) pause = CAPACITY_LIMITS.pause
    restoredAt = Number.NEGATIVE_INFINITY
    until = now + pause
    shed++
    bad = 0
    return 'shed'
  }

  return {
    get shed() {
      return shed
    },
    look({ lag, load }, now) {
      // Coming nearer, if slowly, is well: a start has seconds to make up for. The speed that ffmpeg says is the mean since its
      // start, in which a second that was too slow stays for long.
      const isWorse = lag > CAPACITY_LIMITS.lag && lag > before - 0.1
      before = lag
      bad = isWorse ? bad + 1 : 0
      if (bad >= CAPACITY_LIMITS.looks && shed < most) return overwhelmed(now)
      if (shed === 0 || now < until || lag > 1 || load > CAPACITY_LIMITS.load) return undefined
      shed--
      until = now + pause
      restoredAt = now
      return 'restore'
    },
    overwhelmed,
    restarted() {
      bad = 0
      before = Number.POSITIVE_INFINITY
    },
  }
}
