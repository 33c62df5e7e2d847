import { LADDER_LIMITS } from './limits.ts'

/** Notices an ffmpeg that hangs. Pure: `now` is milliseconds of a steady clock. */
export interface Watchdog {
  /** It was given a picture. */
  fed(now: number): void
  /** Something came out of this output. */
  wrote(output: number, now: number): void
  /** It gets nothing more. */
  finished(now: number): void
  /** Why it is to be given up. */
  verdict(now: number): string | undefined
}

/** @param outputs how many there are. */
export function createWatchdog(outputs: number): Watchdog {
  /** When each output was given something of which nothing has come out yet, on a clock that runs while pictures go in. */
  const since: (number | undefined)[] = Array.from({ length: outputs }, () => undefined)
  const hasBegun = since.map(() => false)
  let clock = 0
  let fedAt: number | undefined
  let finishedAt: number | undefined
  let wroteAt = 0

  /** The last picture before a source stands still may be one that no rung keeps: then it is not ffmpeg that hangs. */
  function passed(now: number): number {
    return fedAt === undefined ? clock : clock + Math.min(now - fedAt, LADDER_LIMITS.still)
  }

  return {
    fed(now) {
      clock = passed(now)
      fedAt = now
      for (let i = 0; i < outputs; i++) since[i] ??= clock
    },
    wrote(output, now) {
      since[output] = undefined
      hasBegun[output] = true
      wroteAt = now
    },
    finished(now) {
      finishedAt = now
      wroteAt = now
    },
    verdict(now) {
      const { flushPatience, flush, patience, startPatience } = LADDER_LIMITS
      if (finishedAt !== undefined) {
        if (now - finishedAt > flush) return `it did not finish within ${flush} ms`
        return now - wroteAt > flushPatience ? silent(flushPatience) : undefined
      }
      const at = passed(now)
      for (let i = 0; i < outputs; i++) {
        const most = hasBegun[i] === true ? patience : startPatience
        if (at - (since[i] ?? at) > most) return silent(most)
      }
      return undefined
    },
  }
}

function silent(ms: number): string {
  return `it wrote nothing for ${ms} ms`
}
