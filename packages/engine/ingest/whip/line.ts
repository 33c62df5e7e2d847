import type { LineReport } from '../../ports.ts'
import { DESK_LIMITS } from './limits.ts'
import type { ReceptionReport } from './messages.ts'

/** Reports that are looked back on: one a second, so half a minute. */
const KEPT = 30

type Counts = Pick<ReceptionReport, 'packets' | 'lost' | 'recovered'>

/** How an encoder's line was in the last half minute. */
export interface LineWindow {
  add(report: ReceptionReport): void
  report(): LineReport
}

export function createLineWindow(): LineWindow {
  const kept: Counts[] = [{ packets: 0, lost: 0, recovered: 0 }]
  let trip = 0
  return {
    add({ packets, lost, recovered, trip: measured }) {
      trip = measured ?? trip
      kept.push({ packets, lost, recovered })
      if (kept.length > KEPT + 1) kept.shift()
    },
    report() {
      const [first, last] = [kept[0] as Counts, kept.at(-1) as Counts]
      const recovered = last.recovered - first.recovered
      const lost = last.lost - first.lost
      return {
        roundTrip: Math.round(trip),
        latency: DESK_LIMITS.holdVideoMs,
        // Nothing is held back while nothing is missing.
        buffered: 0,
        packets: last.packets - first.packets,
        lost: recovered + lost,
        retransmitted: recovered,
        dropped: lost,
      }
    },
  }
}
