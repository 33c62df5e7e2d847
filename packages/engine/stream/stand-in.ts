import { STREAM_LIMITS } from './limits.ts'

/**
 * Tells when renditions that the encoder brings go on while its first one has stopped: a browser, for one, stops the largest on a poor
 * line. They must come in real time for it: of what is sent in segments one rendition is always behind another.
 */
export interface StandIn {
  /** A picture of the first rendition has come; `now` is Unix milliseconds. */
  source(now: number): void
  /** One of another. */
  brought(now: number): void
  isNeeded(now: number): boolean
}

export function createStandIn(): StandIn {
  let sourceAt = Number.NEGATIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  /** Since then no two came far apart. */
  let steadySince = Number.POSITIVE_INFINITY

  return {
    source(now) {
      sourceAt = now
    },
    brought(now) {
      if (now - newest > STREAM_LIMITS.standInPauseMs) steadySince = now
      newest = now
    },
    isNeeded: (now) => now - Math.max(sourceAt, steadySince) >= STREAM_LIMITS.standInMs,
  }
}
