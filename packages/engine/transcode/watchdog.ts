import { LADDER_LIMITS } from './limits.ts'
import type { ProcessState } from './process-state.ts'

/**
 * Notices an ffmpeg that hangs. Its clock goes on while pictures are given to it, so that nothing is expected of one that gets none.
 * Pure: `now` is milliseconds of a steady clock.
 */
export interface Watchdog {
  /** It was given a picture. */
  fed(now: number): void
  /** Something came out of this output. */
  wrote(output: number, now: number): void
  /** It gets nothing more. */
  finished(now: number): void
  /** It is late, and later than when it was looked at last: what it does is of interest. */
  isSuspicious(now: number): boolean
  /** What it does, while it is late; `undefined` where that is not known. */
  looked(found: ProcessState | undefined, now: number): void
  /** Why it is to be given up. */
  verdict(now: number): string | undefined
}

/**
 * @param outputs how many there are.
 * @param isHardware a device encodes, and ffmpeg sleeps until it has.
 */
export function createWatchdog(outputs: number, isHardware: boolean): Watchdog {
  /** When each output was given something of which nothing has come out yet, and how many pictures since. */
  const since: ({ readonly at: number; pictures: number } | undefined)[] = Array.from({ length: outputs })
  const hasBegun = since.map(() => false)
  let clock = 0
  let fedAt: number | undefined
  let finishedAt: number | undefined
  let wroteAt = 0
  /** The first of the looks since it is late, and the last. */
  let first: { readonly at: number; readonly processorTime: number } | undefined
  let last: ProcessState | undefined
  let lookedAt: number | undefined
  /** It has rested in the same way at each look since. */
  let restsSince: number | undefined
  let starvedAt: number | undefined

  /** The last picture before a source stands still may be one that no rung keeps: then it is not ffmpeg that hangs. */
  function passed(now: number): number {
    return fedAt === undefined ? clock : clock + Math.min(now - fedAt, LADDER_LIMITS.still)
  }

  function isLate(now: number): boolean {
    const latest = passed(now) - LADDER_LIMITS.suspicion
    return finishedAt === undefined && since.some((from) => (from?.at ?? latest) < latest)
  }

  /** Whatever the machine is short of, it does not wait for that. */
  function rests(): boolean {
    return last?.state === 'stopped' || (last?.state === 'asleep' && !isHardware)
  }

  function isStarved(at: number): boolean {
    if (last?.state !== 'runnable' || first === undefined) return false
    return last.processorTime - first.processorTime < LADDER_LIMITS.starved * (at - first.at)
  }

  /** How long an output may be silent. */
  function patienceAt(at: number, pictures: number, isBegun: boolean): number {
    const { patience, restPatience, restFor, restPictures, startPatience } = LADDER_LIMITS
    const hasRested = restsSince !== undefined && at - restsSince >= restFor
    // Nothing that a program loads, waits for or may hold back stops it.
    if (hasRested && last?.state === 'stopped') return restPatience
    if (!isBegun) return startPatience
    if (hasRested && pictures >= restPictures) return restPatience
    // What is too much for the machine is decided by what falls behind, see `capacity.ts`: to start again costs it more.
    // What it wrote as soon as it had a processor may not have been read yet.
    return starvedAt !== undefined && at - starvedAt < restFor ? startPatience : patience
  }

  return {
    fed(now) {
      clock = passed(now)
      fedAt = now
      for (let i = 0; i < outputs; i++) {
        const from = (since[i] ??= { at: clock, pictures: 0 })
        from.pictures++
      }
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
    isSuspicious(now) {
      const is = isLate(now)
      if (!is) {
        first = undefined
        last = undefined
        restsSince = undefined
        starvedAt = undefined
      }
      return is && passed(now) !== lookedAt
    },
    looked(found, now) {
      const at = passed(now)
      const isAsBefore = last?.state === found?.state
      lookedAt = at
      last = found
      if (found !== undefined) first ??= { at, processorTime: found.processorTime }
      restsSince = rests() ? ((isAsBefore ? restsSince : undefined) ?? at) : undefined
      if (isStarved(at)) starvedAt = at
    },
    verdict(now) {
      const { flushPatience, flush } = LADDER_LIMITS
      if (finishedAt !== undefined) {
        if (now - finishedAt > flush) return `it did not finish within ${flush} ms`
        return now - wroteAt > flushPatience ? silent(flushPatience) : undefined
      }
      const at = passed(now)
      for (let i = 0; i < outputs; i++) {
        const from = since[i]
        if (from === undefined) continue
        const most = patienceAt(at, from.pictures, hasBegun[i] === true)
        if (at - from.at > most) return silent(most, rests() ? last?.state : undefined)
      }
      return undefined
    },
  }
}

function silent(ms: number, state?: ProcessState['state']): string {
  return `it ${state === undefined ? '' : `is ${state} and `}wrote nothing for ${ms} ms`
}
