import type { RtpPacket } from '../packet.ts'
import { RECEIVE_LIMITS } from './limits.ts'

/** What is next: a packet, or a hole that will not be filled. */
export type Ordered = { readonly kind: 'packet'; readonly packet: RtpPacket } | { readonly kind: 'gap' }

export interface ReorderCounters {
  /** Arrived after others that were sent later. */
  reordered: number
  /** Came in time because they were asked for. */
  recovered: number
  /** Never came, or came when they had been given up. */
  lost: number
  /** Came twice or too late. */
  late: number
  /** Holes that were given up. */
  gaps: number
}

/**
 * Puts the packets of one source into the order they were sent in (a jitter buffer that holds nothing back while nothing is
 * missing) and says which are to be asked for again (RFC 4585 §6.2.1). What is missing is waited for so long and no longer.
 * Times are milliseconds of a steady clock.
 */
export interface Reorder {
  push(packet: RtpPacket, now: number): readonly Ordered[]
  /** Gives up what was waited for long enough. */
  step(now: number): readonly Ordered[]
  /** Sequence numbers to be asked for now, 16 bits each. */
  ask(now: number): readonly number[]
  /** Something is missing: `step` and `ask` are to be called every few milliseconds. */
  readonly isWaiting: boolean
  /** Milliseconds from asking for a packet to having it; `undefined` before there was one. */
  readonly trip: number | undefined
  readonly counters: Readonly<ReorderCounters>
}

interface Missing {
  readonly since: number
  asked: number
  askedAt: number
}

/** @param holdMs how long a missing packet is waited for. */
export function createReorder(holdMs: number): Reorder {
  const held = new Map<number, RtpPacket>()
  /** In rising order. */
  const missing = new Map<number, Missing>()
  let heldBytes = 0
  /** Number of the next packet to be given out, counted on without wrapping; `undefined` before the first. */
  let next: number | undefined
  let highest = 0
  /** The sequence number that would bear out a jump. */
  let borneOutBy: number | undefined
  let trip: number | undefined
  const counters: ReorderCounters = { reordered: 0, recovered: 0, lost: 0, late: 0, gaps: 0 }

  function begin(number: number): void {
    held.clear()
    missing.clear()
    heldBytes = 0
    next = number
    highest = number - 1
  }

  function store(number: number, packet: RtpPacket): void {
    held.set(number, packet)
    heldBytes += packet.payload.byteLength
  }

  /** What is in order now. */
  function drain(out: Ordered[]): Ordered[] {
    for (let at = next ?? 0; ; at++) {
      const packet = held.get(at)
      if (packet === undefined) break
      held.delete(at)
      heldBytes -= packet.payload.byteLength
      out.push({ kind: 'packet', packet })
      next = at + 1
    }
    return out
  }

  /** Leaves the hole in front. */
  function skip(out: Ordered[]): void {
    const from = next ?? 0
    let to = highest + 1
    for (const number of held.keys()) to = Math.min(to, number)
    for (let at = from; at < to; at++) missing.delete(at)
    counters.lost += to - from
    counters.gaps++
    next = to
    out.push({ kind: 'gap' })
    drain(out)
  }

  function arrived(number: number, packet: RtpPacket, now: number): void {
    const waited = missing.get(number)
    if (waited !== undefined) {
      missing.delete(number)
      if (waited.asked === 0) counters.reordered++
      else counters.recovered++
      // Of one that was asked for more than once nobody knows which request was answered.
      if (waited.asked === 1) {
        const took = now - waited.askedAt
        trip = trip === undefined ? took : trip + (took - trip) / 8
      }
    }
    store(number, packet)
  }

  function push(packet: RtpPacket, now: number): readonly Ordered[] {
    const { sequence } = packet
    if (next === undefined) begin(sequence + 0x10000)
    const step = ((sequence - highest + 0x8000) & 0xffff) - 0x8000
    const out: Ordered[] = []
    if (Math.abs(step) > RECEIVE_LIMITS.jump) {
      if (borneOutBy !== sequence) {
        borneOutBy = (sequence + 1) & 0xffff
        counters.late++
        return out
      }
      // Another beginning: the one before was lost, or the peer counts anew.
      begin(sequence + 0x10000)
      counters.gaps++
      out.push({ kind: 'gap' })
    }
    borneOutBy = undefined
    const number = highest + (((sequence - highest + 0x8000) & 0xffff) - 0x8000)
    if (number < (next ?? 0) || held.has(number)) {
      counters.late++
      return out
    }
    if (number > highest + 1) {
      if (number - highest - 1 + missing.size > RECEIVE_LIMITS.missing) {
        // The line was cut: what was waited for before that is of no use either.
        store(number, packet)
        highest = number
        skipAll(number, out)
        return out
      }
      for (let at = highest + 1; at < number; at++) missing.set(at, { since: now, asked: 0, askedAt: 0 })
    }
    highest = Math.max(highest, number)
    arrived(number, packet, now)
    drain(out)
    while (held.size > RECEIVE_LIMITS.packets || heldBytes > RECEIVE_LIMITS.bytes) skip(out)
    return out
  }

  function skipAll(number: number, out: Ordered[]): void {
    while ((next ?? 0) <= number) skip(out)
  }

  return {
    push,
    step(now) {
      const out: Ordered[] = []
      for (;;) {
        const first = next === undefined ? undefined : missing.get(next)
        if (first === undefined || now - first.since < holdMs) return out
        skip(out)
      }
    },
    ask(now) {
      const wanted: number[] = []
      const again = Math.min(
        RECEIVE_LIMITS.askMostMs,
        Math.max(RECEIVE_LIMITS.askLeastMs, (trip ?? RECEIVE_LIMITS.firstTripMs) * 1.5),
      )
      for (const [number, one] of missing) {
        const isDue = one.asked === 0 ? now - one.since >= RECEIVE_LIMITS.reorderMs : now - one.askedAt >= again
        if (!isDue || one.asked >= RECEIVE_LIMITS.asks) continue
        one.asked++
        one.askedAt = now
        wanted.push(number & 0xffff)
      }
      return wanted
    },
    get isWaiting() {
      return missing.size > 0
    },
    get trip() {
      return trip
    },
    counters,
  }
}
