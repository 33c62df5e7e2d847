import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { SampleDefaults } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import type { ProgressiveTrack } from '@bandstand/media/containers/isobmff/progressive-model.ts'

/** What a plan is made of, one row of segments at a time. Plain values: they are sent to the planner's thread. */
export interface PlanRow {
  /** Does not go on where the row before ended, as `ReplayRow.discontinuity`. */
  readonly discontinuity: boolean
  /** At most one of a track. */
  readonly segments: readonly PlanSegment[]
}

export interface PlanSegment {
  readonly track: TrackId
  /** Of the segment's name. */
  readonly firstPart: number
  readonly lastPart: number
  /** Place of its configuration in its track's list. */
  readonly configIndex: number
  /** Added to its times, in ticks of the track. */
  readonly shift: number
  readonly heads: readonly PlanHead[]
}

/** A part: its place in the segment and enough of its bytes for the `moof`. */
export interface PlanHead {
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface PlanStart {
  readonly tracks: readonly ProgressiveTrack[]
  /** Defaults of fragments, by track and place of the configuration. */
  readonly defaults: readonly {
    readonly track: TrackId
    readonly byConfig: readonly ReadonlyMap<TrackId, SampleDefaults>[]
  }[]
}

/**
 * A finished plan in flat arrays: a day has half a million pieces. Piece `i` is `size[i]` bytes at `offset[i]` of the file,
 * from byte `place[i]` of the segment named by `firstPart[i]` and `lastPart[i]` of `track[i]`; where `track[i]` is 0 it
 * is `inserted[firstPart[i]]` instead.
 */
export interface FlatPlan {
  readonly header: Uint8Array
  readonly total: number
  readonly offset: Float64Array
  readonly size: Uint32Array
  readonly track: Uint16Array
  readonly firstPart: Float64Array
  readonly lastPart: Float64Array
  readonly place: Float64Array
  readonly inserted: readonly Uint8Array[]
}

/** Memory that a plan takes, in bytes. */
export function planMemory(plan: FlatPlan): number {
  return plan.header.byteLength + plan.offset.length * 38 + plan.inserted.length * 200
}

/** Index of the first piece that ends behind a place in the file. */
export function pieceAt(plan: FlatPlan, place: number): number {
  let low = 0
  let high = plan.offset.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((plan.offset[middle] ?? 0) + (plan.size[middle] ?? 0) <= place) low = middle + 1
    else high = middle
  }
  return low
}
