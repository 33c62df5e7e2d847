import type { AssetIndex } from '../store/port.ts'
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

export function createDownloadTimeline(index: AssetIndex): DownloadTimeline {
  let end = 0
  let shifts: readonly number[] | undefined
  /** What is taken off the broadcast's clock, in seconds. */
  let shift = 0
  return {
    next(row) {
      const spans = row.segments.flatMap((segment, i) => {
        const timescale = index.tracks[i]?.timescale ?? 90_000
        return segment.gap
          ? []
          : [{ start: segment.start / timescale, end: (segment.start + segment.duration) / timescale }]
      })
      if (shifts === undefined || row.discontinuity) {
        shift = end - Math.min(...spans.map((span) => span.start))
        shifts = index.tracks.map(({ timescale }) => Math.round(shift * timescale))
      }
      end = Math.max(end, ...spans.map((span) => span.end + shift))
      return shifts
    },
    get duration() {
      return end
    },
  }
}
