import type { TransportFeedback } from '../../rtcp/transport-feedback.ts'
import { createUnwrapper } from '../unwrap.ts'

/** Units of 250 µs in one of the reference time's 64 ms. */
const REFERENCE = 256
/** Sequence numbers that one feedback tells of at most: packets that are further apart are another beginning. */
const MOST = 512

/**
 * When packets arrived, over all streams of a transport, for the sender's estimate of the line
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01). Times are milliseconds of a steady clock.
 */
export interface Arrivals {
  /** @param sequence of the transport, 16 bits. */
  add(sequence: number, now: number): void
  /** Of what came since the last one; `undefined` for nothing. */
  feedback(sender: number, media: number): TransportFeedback | undefined
}

export function createArrivals(): Arrivals {
  const unwrap = createUnwrapper(16)
  /** In units of 250 µs, by sequence number. */
  const arrived = new Map<number, number>()
  /** The first that no feedback has told of. */
  let next: number | undefined
  /** Of what has arrived. */
  let lowest = 0
  let highest = 0
  let count = 0

  return {
    add(sequence, now) {
      const number = unwrap(sequence)
      // Told of as lost already, or far ahead of what a line can have under way.
      if (next !== undefined && number < next) return
      const isFirst = arrived.size === 0
      const from = next ?? (isFirst ? number : lowest)
      if (number - from >= MOST || (!isFirst && highest - number >= MOST)) {
        arrived.clear()
        next = undefined
      }
      lowest = arrived.size === 0 ? number : Math.min(lowest, number)
      highest = arrived.size === 0 ? number : Math.max(highest, number)
      arrived.set(number, Math.round(now * 4))
    },
    feedback(sender, media) {
      if (arrived.size === 0) return undefined
      const last = highest
      const first = next ?? lowest
      const reference = Math.floor((arrived.get(lowest) ?? 0) / REFERENCE)
      let at = reference * REFERENCE
      const deltas: (number | undefined)[] = []
      for (let number = first; number <= last; number++) {
        const time = arrived.get(number)
        deltas.push(time === undefined ? undefined : time - at)
        at = time ?? at
      }
      arrived.clear()
      next = last + 1
      // What no delta can say: nothing came for seconds. The next one begins anew.
      if (deltas.some((delta) => delta !== undefined && Math.abs(delta) > 0x7fff)) return undefined
      const base = ((first % 0x10000) + 0x10000) % 0x10000
      // Signed 24 bits.
      const referenceTime = ((reference + 0x800000) % 0x1000000) - 0x800000
      return { type: 'transport-feedback', sender, media, base, referenceTime, count: count++ & 0xff, deltas }
    },
  }
}
