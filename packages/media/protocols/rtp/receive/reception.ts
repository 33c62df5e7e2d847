import { middleOfNtp, type ReportBlock } from '../../rtcp/report.ts'
import type { RtpHeader } from '../packet.ts'
import { RECEIVE_LIMITS } from './limits.ts'

/** What a receiver tells the sender of one source (RFC 3550 §6.4.1, appendices A.3 and A.8). Times are milliseconds of a steady clock. */
export interface Reception {
  received(packet: RtpHeader, now: number): void
  /** A sender report came. */
  told(report: { readonly ntpSeconds: number; readonly ntpFraction: number }, now: number): void
  /** Of the time since the last one; `undefined` before anything came. */
  report(now: number): ReportBlock | undefined
  /** Share lost in the time of the last report, 0 to 1. */
  readonly loss: number
}

/** @param clockRate ticks a second of the source's timestamps. */
export function createReception(ssrc: number, clockRate: number): Reception {
  let base: number | undefined
  let highest = 0
  let count = 0
  let expectedBefore = 0
  let countBefore = 0
  let transit: number | undefined
  let jitter = 0
  let lastSr = 0
  let lastSrAt = 0
  let loss = 0

  function restart(sequence: number): void {
    base = sequence
    highest = sequence
    count = 0
    expectedBefore = 0
    countBefore = 0
  }

  return {
    received({ sequence, timestamp }, now) {
      const step = ((sequence - highest + 0x8000) & 0xffff) - 0x8000
      if (base === undefined || Math.abs(step) > RECEIVE_LIMITS.jump) restart(sequence)
      else if (step > 0) highest += step
      count++
      const arrival = Math.round((now * clockRate) / 1000)
      const newest = (arrival - timestamp) | 0
      if (transit !== undefined) jitter += (Math.abs((newest - transit) | 0) - jitter) / 16
      transit = newest
    },
    told({ ntpSeconds, ntpFraction }, now) {
      lastSr = middleOfNtp(ntpSeconds, ntpFraction)
      lastSrAt = now
    },
    report(now) {
      if (base === undefined) return undefined
      const expected = highest - base + 1
      const expectedNow = expected - expectedBefore
      const lostNow = expectedNow - (count - countBefore)
      expectedBefore = expected
      countBefore = count
      // More than were expected: duplicates, or what was asked for again.
      const fractionLost =
        expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow))
      loss = fractionLost / 256
      return {
        ssrc,
        fractionLost,
        lost: expected - count,
        highestSequence: highest % 2 ** 32,
        jitter: Math.floor(Math.min(jitter, 2 ** 32 - 1)),
        lastSr,
        delaySinceLastSr: lastSr === 0 ? 0 : Math.min(2 ** 32 - 1, Math.round(((now - lastSrAt) * 65_536) / 1000)),
      }
    },
    get loss() {
      return loss
    },
  }
}
