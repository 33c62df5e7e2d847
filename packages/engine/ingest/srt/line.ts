import type { SrtStatistics } from '@bandstand/media/protocols/srt/session/statistics.ts'
import type { LineReport } from '../../ports.ts'

/** What is told of the line is of so long, ms, in steps. */
const STEP_MS = 5_000
const STEPS = 6

type Counts = Pick<SrtStatistics['received'], 'packets' | 'lost' | 'recovered' | 'dropped'>

/** The counts of a connection over the last half minute. */
export interface LineWindow {
  /** Called now and then: keeps the counts once each step. @param now ms */
  pass(now: number): void
  report(): LineReport
}

export function createLineWindow(statistics: () => SrtStatistics, now: number): LineWindow {
  const kept: Counts[] = [{ packets: 0, lost: 0, recovered: 0, dropped: 0 }]
  let next = now + STEP_MS
  return {
    pass(at) {
      if (at < next) return
      next = at + STEP_MS
      kept.push(statistics().received)
      if (kept.length > STEPS) kept.shift()
    },
    report() {
      const { roundTrip, latency, buffered, received } = statistics()
      const before = kept[0] as Counts
      return {
        ...{ roundTrip, latency, buffered },
        packets: received.packets - before.packets,
        lost: received.lost - before.lost,
        retransmitted: received.recovered - before.recovered,
        dropped: received.dropped - before.dropped,
      }
    },
  }
}
