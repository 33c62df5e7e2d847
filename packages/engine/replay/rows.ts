import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Epoch, EpochTrack } from '../packager/model.ts'
import { findEpoch } from '../store/epochs.ts'
import { createListing, type Listing } from '../store/listing.ts'
import { isReplayed } from '../store/pause.ts'
import type { AssetIndex, IndexedSegment } from '../store/port.ts'

/** A row of the index that a replay has: one media sequence number over all tracks, in the order of `AssetIndex.tracks`. */
export interface ReplayRow {
  readonly segments: readonly IndexedSegment[]
  readonly epoch: Epoch | undefined
  /** Does not go on where the listed row before ended. */
  readonly discontinuity: boolean
}

/** Reads rows in order; goes on where it was when the index has grown. */
export interface RowReader {
  /** Up to `limit` rows of the index from where it was, listed ones only. Empty array: look again; `undefined`: no more. */
  next(index: AssetIndex, limit: number): readonly ReplayRow[] | undefined
}

/** @param removed `AssetIndex.removed` of the index that the first call gets. */
export function createRowReader(removed: AssetIndex['removed']): RowReader {
  const listing: Listing = createListing(removed)
  let at = 0
  return {
    next(index, limit) {
      const length = index.tracks[0]?.segments.length ?? 0
      if (at >= length) return undefined
      const rows: ReplayRow[] = []
      for (const end = Math.min(length, at + limit); at < end; at++) {
        const segments: IndexedSegment[] = []
        for (const track of index.tracks) {
          const segment = track.segments.at(at)
          if (segment !== undefined) segments.push(segment)
        }
        const lead = segments.find(isReplayed) ?? segments[0]
        // A track that lost its front between two calls: whoever reads notices that the index has changed.
        if (lead === undefined || segments.length < index.tracks.length) continue
        const { listed, discontinuity } = listing.next({ msn: lead.msn, epoch: lead.epoch, media: isReplayed(lead) })
        if (listed) rows.push({ segments, discontinuity, epoch: findEpoch(index.epochs, lead.epoch) })
      }
      return rows
    },
  }
}

/** Media sequence number of the first row: another one where retention removed the front. */
export function firstMsnOf(index: AssetIndex): number | undefined {
  return index.tracks[0]?.segments.at(0)?.msn
}

export function findEpochTrack(epoch: Epoch | undefined, track: TrackId): EpochTrack | undefined {
  return epoch?.tracks.find((candidate) => candidate.track === track)
}

/** Lets everybody else have a turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
