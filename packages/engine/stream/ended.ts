import { WINDOW_LIMITS } from '../packager/limits.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import { deadlineAfterLeap } from './leap.ts'

export const ENDED_LINGER_MS = WINDOW_LIMITS.ended * 1_000
/** Ended broadcasts of one channel that stay in memory; of more, the oldest go. */
export const ENDED_MAX = 3

/** What is needed of a broadcast that has ended. */
interface Ended {
  readonly assetId: string
  readonly live: LiveBroadcast | undefined
  /** Lets go of its memory. */
  close(): void
}

/**
 * Broadcasts of a channel that ended a short while ago. They stay when the next one begins, too: who was at the end of the
 * old one, or a little behind it, finishes properly.
 */
export interface EndedBroadcasts {
  /** @param now Unix ms */
  add(broadcast: Ended, now: number): void
  readonly newest: LiveBroadcast | undefined
  find(assetId: string): LiveBroadcast | undefined
  /** Lets go of those whose time is over. */
  tick(now: number): void
  /** The clock has leapt by so many ms that count for nothing (negative: back). @param now after it */
  leapt(ms: number, now: number): void
  clear(): void
  readonly size: number
}

/** @param onFault told of one whose memory could not be given back; the others go on */
export function createEndedBroadcasts(onFault: (assetId: string, error: unknown) => void): EndedBroadcasts {
  /** Oldest first. */
  let kept: { readonly broadcast: Ended; forgetAt: number }[] = []

  function keep(isKept: (entry: (typeof kept)[number], index: number) => boolean): void {
    const before = kept
    kept = before.filter(isKept)
    for (const entry of before) if (!kept.includes(entry)) letGo(entry.broadcast)
  }

  function letGo(broadcast: Ended): void {
    try {
      broadcast.close()
    } catch (error) {
      onFault(broadcast.assetId, error)
    }
  }

  return {
    add(broadcast, now) {
      kept.push({ broadcast, forgetAt: now + ENDED_LINGER_MS })
      const surplus = kept.length - ENDED_MAX
      keep((_, index) => index >= surplus)
    },
    get newest() {
      return kept.at(-1)?.broadcast.live
    },
    find: (assetId) => kept.find(({ broadcast }) => broadcast.assetId === assetId)?.broadcast.live,
    tick(now) {
      if (kept.some(({ forgetAt }) => now >= forgetAt)) keep(({ forgetAt }) => now < forgetAt)
    },
    leapt(ms, now) {
      for (const entry of kept) entry.forgetAt = deadlineAfterLeap(entry.forgetAt, ENDED_LINGER_MS, ms, now)
    },
    clear: () => keep(() => false),
    get size() {
      return kept.length
    },
  }
}
