import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { BroadcastTiming, Epoch, PartSink } from '../packager/model.ts'

/** A closed or growing segment as the index knows it. */
export interface IndexedSegment {
  readonly msn: number
  readonly epoch: number
  /** First and last part number; equal to the names in URIs. */
  readonly firstPart: number
  readonly lastPart: number
  /** Ticks of the track's timescale. */
  readonly start: number
  readonly duration: number
  /** Bytes of the whole segment. */
  readonly size: number
  readonly independent: boolean
  readonly gap: boolean
  /** Wall clock when its last part was closed, Unix milliseconds. */
  readonly closedAt: number
}

export interface AssetTrack {
  readonly track: TrackId
  readonly kind: 'video' | 'audio'
  readonly timescale: number
  /** Segments that are on disk, oldest first; retention removes from the front. */
  readonly segments: readonly IndexedSegment[]
}

/** What is known of a stored broadcast. */
export interface AssetIndex {
  readonly assetId: string
  readonly timing: BroadcastTiming
  readonly epochs: readonly Epoch[]
  readonly tracks: readonly AssetTrack[]
  /** True when the broadcast was finished properly. */
  readonly ended: boolean
  /** First number that no viewer can have seen: continue from here after a restart. */
  readonly next: { readonly msn: number; readonly part: number }
  /** Bytes on disk. */
  readonly bytes: number
}

/** Writing side of one broadcast. Calls return at once; the queue behind them is bounded and counts what it drops. */
export interface AssetWriter extends PartSink {
  /** Resolves when everything queued is on disk (or given up) and the end is written. */
  end(): Promise<void>
  /** As `end`, but without the end mark: the broadcast may go on after a restart. */
  suspend(): Promise<void>
  /** `recording` or why not, for the studio. Changes are also reported through the store's `onState`. */
  readonly state: { readonly recording: boolean; readonly reason?: string; readonly droppedParts: number }
}

/** The one segment store: asynchronous, immutable named parts, so that S3, IPFS and other processes fit behind it. */
export interface SegmentStore {
  create(assetId: string, timing: BroadcastTiming): AssetWriter
  /** Goes on with a broadcast found by `recover`. */
  resume(assetId: string): AssetWriter
  /** Reads every asset's index after cutting torn tails; call once at start. Ids of assets that were not ended. */
  recover(): Promise<readonly AssetIndex[]>
  /** Index of any asset, growing or ended; `undefined` when there is none. */
  index(assetId: string): Promise<AssetIndex | undefined>
  /** Bytes of consecutive parts of one track, as one segment; `undefined` when (no longer) there. */
  read(assetId: string, track: TrackId, firstPart: number, lastPart: number): Promise<Uint8Array | undefined>
  remove(assetId: string): Promise<void>
  /** Bytes used by all assets. */
  usage(): number
}
