import { OPUS_LIMITS } from '../limits.ts'

/** When a program that failed may be started again, and when it is given up. Times in milliseconds of a steady clock. */
export interface Attempts {
  readonly failures: number
  /** It gives something. */
  worked(now: number): void
  /** It failed. False when that was once too often in a row. */
  failed(now: number): boolean
  /** It is too early to start it again. */
  rests(now: number): boolean
}

export function createAttempts(): Attempts {
  let failures = 0
  let worksSince: number | undefined
  let restsUntil = Number.NEGATIVE_INFINITY
  return {
    get failures() {
      return failures
    },
    worked(now) {
      worksSince ??= now
    },
    failed(now) {
      // One that had worked for long has earned new tries.
      if (worksSince !== undefined && now - worksSince >= OPUS_LIMITS.provenMs) failures = 0
      worksSince = undefined
      restsUntil = now + OPUS_LIMITS.restartMs * 2 ** failures
      failures++
      return failures < OPUS_LIMITS.failures
    },
    rests: (now) => now < restsUntil,
  }
}
