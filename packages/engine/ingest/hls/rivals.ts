import { HLS_LIMITS } from './limits.ts'

/** A state of a media playlist, as far as it tells one encoder from another. */
export interface Listing {
  /** Number of its first segment. */
  readonly first: number
  readonly segments: readonly { readonly signature: string }[]
  /** Target duration, seconds. */
  readonly target: number
  readonly endList: boolean
}

/**
 * Two encoders that write one playlist, each its own list in turn: the states of one are no new beginning, but go on with what was there
 * before the other began. Nobody who was started anew does that. Pure: times in ms.
 */
export interface Rivals {
  /**
   * @param grownAt when something new was last listed by the encoder that has the playlist; -Infinity where it has said goodbye
   * @returns `rival`: it is of the encoder of before, and the newer one has the playlist. `back`: the same, but the newer one has fallen silent.
   */
  judge(current: Listing, next: Listing, grownAt: number, now: number): 'rival' | 'back' | undefined
  /** An encoder has begun anew; this is the last state of the one before. */
  began(before: Listing, now: number): void
  /** The encoder of before still sends, and has not said goodbye: where the newer one ends with `last`, the stream does not. */
  isBeside(last: Listing, now: number): boolean
}

export function createRivals(): Rivals {
  /** `isHeard`: since the newer one began. */
  let former: { listing: Listing; at: number; isHeard: boolean } | undefined
  const isRecent = (at: number, next: Listing, now: number) => now - at <= 2 * quietOf(next)
  return {
    judge(current, next, grownAt, now) {
      if (former === undefined || !isRecent(former.at, next, now) || !goesOn(former.listing, next)) return undefined
      // Of lists that are alike it is the next state of the one that is there.
      if (goesOn(current, next) && endOf(next) - endOf(current) < 2) return undefined
      if (now - grownAt > quietOf(next)) return 'back'
      former = { listing: next, at: now, isHeard: true }
      return 'rival'
    },
    began(before, now) {
      former = { listing: before, at: now, isHeard: false }
    },
    isBeside(last, now) {
      return former?.isHeard === true && !former.listing.endList && isRecent(former.at, last, now)
    },
  }
}

/** ms without anything new after which an encoder has lost its playlist to one that still sends. */
export function quietOf({ target }: Pick<Listing, 'target'>): number {
  return Math.max(HLS_LIMITS.rivalQuietMs, HLS_LIMITS.rivalQuietTargets * target * 1_000)
}

/** Whether it is a later state of the same list: something is added, and what both list is the same. */
function goesOn(before: Listing, next: Listing): boolean {
  const isLater = endOf(next) > endOf(before) || (endOf(next) === endOf(before) && next.endList && !before.endList)
  if (!isLater || next.first < before.first) return false
  const shared = before.segments.slice(next.first - before.first)
  return shared.length > 0 && shared.every(({ signature }, i) => next.segments[i]?.signature === signature)
}

function endOf({ first, segments }: Listing): number {
  return first + segments.length
}
