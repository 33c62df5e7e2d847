import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { TimelineRun } from '@bandstand/media/manifests/dash/model.ts'
import type { Epoch } from '../packager/model.ts'

/** What a manifest lists of a segment. */
export interface ListedSegment {
  /** Ticks of `timescale`. */
  readonly start: number
  readonly duration: number
  readonly timescale: number
}

/** Listed segments of a track within a stretch. */
export interface ListedTrack {
  readonly timescale: number
  readonly runs: readonly TimelineRun[]
  /** Seconds before its end at which a segment may be asked for: `availabilityTimeOffset`. */
  readonly early?: number
  /** No media: silence, made when it is asked for. */
  readonly silence?: SilentTrack
}

export interface SilentTrack {
  readonly initNumber: number
  /** Of each segment, in ticks of the track's timescale. */
  readonly duration: number
}

/** Consecutive media of one epoch: a DASH period. */
export interface Stretch {
  readonly epoch: Epoch
  /** The tracks that have media in it. */
  readonly listed: ReadonlyMap<TrackId, ListedTrack>
}

/** Collects segments, track by track or side by side; those of a track in order. Gaps are not added. */
export interface Stretches {
  add(track: TrackId, epoch: Epoch, segment: ListedSegment): void
  /** Segments of the track may be asked for so many seconds before their end, in all that was added. */
  early(track: TrackId, seconds: number): void
  /** What comes now does not follow on what was there. */
  split(): void
  /** In the order of time. */
  readonly list: readonly Stretch[]
  /** Runs of equally long segments, what a manifest's length follows from. */
  readonly runs: number
}

interface GrowingTrack {
  readonly timescale: number
  readonly runs: { start: number; duration: number; count: number }[]
  early?: number
}

export function createStretches(): Stretches {
  const list: { readonly epoch: Epoch; readonly listed: Map<TrackId, GrowingTrack> }[] = []
  let isSplit = false
  let runs = 0

  function stretchOf(epoch: Epoch) {
    const known = isSplit ? undefined : list.findLast((stretch) => stretch.epoch.id === epoch.id)
    if (known !== undefined) return known
    isSplit = false
    const fresh = { epoch, listed: new Map<TrackId, GrowingTrack>() }
    const at = list.findIndex((stretch) => stretch.epoch.id > epoch.id)
    list.splice(at < 0 ? list.length : at, 0, fresh)
    return fresh
  }

  return {
    add(track, epoch, { start, duration, timescale }) {
      const { listed } = stretchOf(epoch)
      let own = listed.get(track)
      if (own === undefined) listed.set(track, (own = { timescale, runs: [] }))
      const last = own.runs.at(-1)
      if (last?.duration === duration && last.start + last.duration * last.count === start) {
        last.count++
        return
      }
      own.runs.push({ start, duration, count: 1 })
      runs++
    },
    early(track, seconds) {
      for (const { listed } of list) {
        const own = listed.get(track)
        if (own !== undefined) own.early = seconds
      }
    },
    split() {
      isSplit = list.length > 0
    },
    list,
    get runs() {
      return runs
    },
  }
}

/** Begin and end of a track's media in seconds. */
export function spanOf({ runs, timescale }: ListedTrack): readonly [number, number] {
  const first = runs[0]
  const last = runs.at(-1)
  if (first === undefined || last === undefined) return [0, 0]
  return [first.start / timescale, (last.start + last.duration * last.count) / timescale]
}

/**
 * Whole seconds by the clock since the first media of a track, or of any; 0 where there are none.
 *
 * @param now Unix milliseconds.
 */
export function secondsSinceFirst(stretches: readonly Stretch[], now: number, track?: TrackId): number {
  const listedOf = ({ listed }: Stretch) => [...listed].filter(([id]) => track === undefined || id === track)
  const first = stretches.find((stretch) => listedOf(stretch).length > 0)
  if (first === undefined) return 0
  const { epoch } = first
  const begin = Math.min(...listedOf(first).map(([, own]) => spanOf(own)[0])) - epoch.start / 90_000
  // The clock's milliseconds are not exact.
  return Math.max(0, Math.floor(Math.round(now - epoch.wallClock - begin * 1000) / 1000))
}
