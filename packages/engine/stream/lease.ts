import type { PublishRefusal } from '../ports.ts'
import { deadlineAfterLeap, happenedAfterLeap } from './leap.ts'

/** Seconds in which an address that was taken over cannot take the channel back (contract.md, Errors). */
export const TAKE_BACK_BLOCK_MS = 15_000

/**
 * An encoder silent for longer than this counts as lost although its connection still stands: taking over from it is
 * a reconnect (a half-open TCP connection after a network change), not a quarrel, and blocks nobody.
 */
export const SILENT_AFTER_MS = 1_500

/** Remembered losers of takeovers; older entries fall out. */
const MAX_BLOCKED = 64

export interface LeaseHolder {
  /** Remote address without port. */
  readonly remote: string
  /** A source that is configured for the channel, which has no key. */
  readonly isSource?: boolean
  /** Tells the encoder why and closes its connection. */
  readonly stop: (why: PublishRefusal) => void
  /** Unix ms of its newest media, or of its grant. */
  lastMedia: number
  /** The holder that was lost when this one asked: what it sends after that, waking up, makes no quarrel of a reconnect. */
  readonly foundLost?: LeaseHolder | undefined
}

/** Who may feed a channel: at most one holder at any time. */
export interface Lease {
  readonly holder: LeaseHolder | undefined
  /** The holder, where it counts as lost at this time. */
  lost(now: number): LeaseHolder | undefined
  /** Why `remote` would not be granted the lease at this time. */
  refusal(remote: string, now: number): PublishRefusal | undefined
  /** Grants the lease, stopping the holder it had, or says why not. */
  acquire(candidate: LeaseHolder, now: number): PublishRefusal | undefined
  /** No effect unless `holder` still holds. Says whether it did. */
  release(holder: LeaseHolder): boolean
  /** Stops and forgets the holder. */
  revoke(why: PublishRefusal): void
  /** The clock has leapt by so many ms (negative: back) in which nobody was heard: they count for nothing. @param now after it */
  leapt(ms: number, now: number): void
}

/** @param takeover `refuse` turns second encoders away while the first one sends. */
export function createLease(takeover: 'allow' | 'refuse'): Lease {
  let holder: LeaseHolder | undefined
  /** Remote address → Unix ms until which it cannot take back. */
  const blocked = new Map<string, number>()

  const isAlive = (one: LeaseHolder, now: number): boolean => now - one.lastMedia <= SILENT_AFTER_MS

  function refusal(remote: string, now: number): PublishRefusal | undefined {
    if (holder === undefined || !isAlive(holder, now)) return undefined
    if (takeover === 'refuse') {
      return {
        code: 'in-use',
        reason: 'this channel is live from another encoder; stop that one first (setting takeover: refuse)',
      }
    }
    const until = blocked.get(remote) ?? 0
    if (until <= now) return undefined
    return {
      code: 'taken-over',
      reason: `${rival(holder.remote, remote)} took this channel over; stop it, or wait ${Math.ceil((until - now) / 1000)} s and try again`,
    }
  }

  return {
    get holder() {
      return holder
    },

    lost: (now) => (holder === undefined || isAlive(holder, now) ? undefined : holder),

    refusal,

    acquire(candidate, now) {
      const previous = holder
      const why = refusal(candidate.remote, now)
      if (why !== undefined) return why
      if (previous !== undefined && previous !== candidate.foundLost && isAlive(previous, now)) {
        for (const [remote, end] of blocked) if (end <= now) blocked.delete(remote)
        if (blocked.size >= MAX_BLOCKED) blocked.delete(blocked.keys().next().value ?? '')
        blocked.set(previous.remote, now + TAKE_BACK_BLOCK_MS)
      }
      holder = candidate
      previous?.stop({
        code: 'taken-over',
        reason: takenOver(candidate, previous),
      })
      return undefined
    },

    release(former) {
      if (holder !== former) return false
      holder = undefined
      return true
    },

    revoke(why) {
      const former = holder
      holder = undefined
      former?.stop(why)
    },

    leapt(ms, now) {
      if (holder !== undefined) holder.lastMedia = happenedAfterLeap(holder.lastMedia, ms, now)
      for (const [remote, until] of blocked) {
        blocked.set(remote, deadlineAfterLeap(until, TAKE_BACK_BLOCK_MS, ms, now))
      }
    },
  }
}

function takenOver(by: LeaseHolder, from: LeaseHolder): string {
  if (from.isSource === true) return 'an encoder took this channel over; this source goes on when it is gone'
  if (by.isSource === true) {
    return 'nothing came from this encoder for a while, and the source that is configured for this channel took over; start again'
  }
  return `${rival(by.remote, from.remote)} with the key of this channel took over; use a key of its own for each encoder`
}

/** Two encoders behind one router cannot be told from one that connects again: both are the same address. */
function rival(remote: string, own: string): string {
  return remote === own ? 'a newer connection from this address' : 'another encoder'
}
