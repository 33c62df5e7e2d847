import { isReplayed } from '../store/pause.ts'
import type { ReplayRow } from './rows.ts'

/**
 * The download's clock: the broadcast's without its holes. Where rows do not go on (an epoch, a stretch that was not
 * recorded) all tracks move by the same amount, so that they stay together.
 */
export interface DownloadTimeline {
  /** Takes the next row; gives what is to be added to times of each track from here on, in ticks of the track. */
  next(row: ReplayRow): readonly number[]
  /** Seconds so far. */
  readonly duration: number
}

export function createDownloadTimeline(): DownloadTimeline {
  let end = 0
  let shifts: readonly number[] | undefined
  /** What is taken off the broadcast's clock, in seconds. */
  let shift = 0
  return {
    next(row) {
      const spans = row.segments.filter(isReplayed).map(({ start, duration, timescale }) => {
        return { start: start / timescale, end: (start + duration) / timescale }
      })
      if (shifts === undefined || row.discontinuity) {
        shift = end - Math.min(...spans.map((span) => span.start))
        // Timescales change with the epoch only, and a new epoch is discontinuous.
        shifts = row.segments.map(({ timescale }) => Math.round(shift * timescale))
      }
      end = Math.max(end, ...spans.map((span) => span.end + shift))
      return shifts
    },
    get duration() {
      return end
    },
  }
}
