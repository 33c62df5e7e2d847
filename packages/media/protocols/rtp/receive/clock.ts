import { createUnwrapper } from '../unwrap.ts'

/** A sender report as far as clocks go (RFC 3550 §6.4.1). */
export interface ClockReport {
  readonly ntpSeconds: number
  readonly ntpFraction: number
  readonly rtpTimestamp: number
}

/** The clock of one source, which ticks as it likes from where it likes. */
export interface SourceClock {
  /** @returns ticks of 90 kHz on the clock that all sources of the connection share. @param now milliseconds of a steady clock */
  map(timestamp: number, now: number): number
  /** The sender says what its wall clock shows at one of its timestamps. */
  report(report: ClockReport): void
}

/** How long the arrivals that were least held up say when a source's time 0 was, where no report has, ms. */
const LEARN_MS = 1_000
/** A report that is further off than this, ms, is not believed until it has been repeated. */
const STRANGE_MS = 500
const STRANGE_REPORTS = 3
/** Share of a report's difference that is taken over: they are some milliseconds off themselves. */
const SHARE = 1 / 4

/**
 * One clock for all sources of a connection, so that sound and picture belong together. Until sender reports come, by which
 * they have the sender's wall clock in common, they are brought together by their arrival.
 */
export function createCommonClock(): { source(clockRate: number): SourceClock } {
  /** From the sender's wall clock to ours, ms; decided by the first report, from then on the same for all. */
  let shift: number | undefined

  return {
    source(clockRate) {
      const unwrap = createUnwrapper(32)
      let firstAt: number | undefined
      /** Ours at the source's time 0, ms. */
      let offset = 0
      let isTold = false
      let strange = 0

      return {
        map(timestamp, now) {
          const time = (unwrap(timestamp) * 1000) / clockRate
          if (firstAt === undefined) {
            firstAt = now
            if (!isTold) offset = now - time
          } else if (!isTold && now - firstAt <= LEARN_MS) offset = Math.min(offset, now - time)
          return Math.round((time + offset) * 90)
        },
        report({ ntpSeconds, ntpFraction, rtpTimestamp }) {
          // Before anything came there is no time that the timestamp could be near to.
          if (firstAt === undefined) return
          const time = (unwrap(rtpTimestamp) * 1000) / clockRate
          const told = ntpSeconds * 1000 + (ntpFraction * 1000) / 2 ** 32 - time
          shift ??= offset - told
          const difference = told + shift - offset
          if (!isTold && Math.abs(difference) <= STRANGE_MS) {
            offset += difference
            isTold = true
          } else if (Math.abs(difference) <= STRANGE_MS) {
            offset += difference * SHARE
            strange = 0
          } else if (++strange >= STRANGE_REPORTS) {
            offset += difference
            isTold = true
            strange = 0
          }
        },
      }
    },
  }
}
