import { LADDER_LIMITS } from './limits.ts'

/** How often and when ffmpeg is started again. Pure: times and durations are milliseconds of a steady clock. */
export interface Restarts {
  /** Unexpected ends since the broadcast began. */
  readonly count: number
  /** Why it ended, until one has run for a while. */
  readonly trouble: string | undefined
  /** It has ended too often in a row without anything to show: players would wait for what does not come. */
  readonly isHopeless: boolean
  mayStart(now: number): boolean
  /** Another may go on where the last picture was made: not where ffmpeg ends at the one behind that, again and again. */
  readonly mayGoOn: boolean
  /** One is started. */
  started(): void
  /** It ended and was not asked to. @param lasted how long it ran */
  failed(reason: string, lasted: number, now: number): Failure
  /** One has run so long. */
  ran(lasted: number): void
  /** One makes pictures. */
  proved(): void
}

export interface Failure {
  /** Milliseconds until it is started again. */
  readonly again: number
  /** It has got hopeless, or so many more have failed since: it may be the encoder. */
  readonly isDoubtful: boolean
}

export function createRestarts(): Restarts {
  let count = 0
  /** Ends in a row without anything to show. */
  let failures = 0
  /** The last that was started has made pictures. */
  let isProved = false
  let retryAt = 0
  let backOff: number = LADDER_LIMITS.backOff
  let trouble: string | undefined

  return {
    get count() {
      return count
    },
    get trouble() {
      return trouble
    },
    get isHopeless() {
      return failures >= LADDER_LIMITS.failures
    },
    mayStart: (now) => now >= retryAt,
    get mayGoOn() {
      return failures <= 1
    },
    started() {
      isProved = false
    },
    failed(reason, lasted, now) {
      count++
      trouble = `ffmpeg: ${reason}`
      const again = isProved && lasted > LADDER_LIMITS.worked ? 0 : backOff
      isProved = false
      if (again > 0) failures++
      retryAt = now + again
      backOff = Math.min(Math.max(again * 2, LADDER_LIMITS.backOff), LADDER_LIMITS.longestBackOff)
      return { again, isDoubtful: failures > 0 && failures % LADDER_LIMITS.failures === 0 }
    },
    ran(lasted) {
      if (lasted > LADDER_LIMITS.settled) trouble = undefined
    },
    proved() {
      failures = 0
      isProved = true
    },
  }
}
