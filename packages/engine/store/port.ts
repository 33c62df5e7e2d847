import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { BroadcastTiming, Epoch, PartSink } from '../packager/model.ts'

/** A closed or growing segment as the index knows it. */
export interface IndexedSegment {
  readonly msn: number
  readonly epoch: number
  /** First and last part number; equal to the names in URIs. */
  readonly firstPart: number
  readonly lastPart: number
  /** Ticks of `timescale`. */
  readonly start: number
  readonly duration: number
  /** Ticks a second, those of the segment's epoch: an encoder may return with another sample rate. */
  readonly timescale: number
  /** Bytes of the whole segment. */
  readonly size: number
  /** Its media begin with a key frame. */
  readonly independent: boolean
  /** Nothing of it can be read. */
  readonly gap: boolean
  /** Ticks at its beginning for which the encoder sent nothing, as its gap parts say; its media begin behind them. */
  readonly pause?: number
  /** Wall clock when its last part was closed, Unix milliseconds. */
  readonly closedAt: number
}

/** A part of a recovered segment. */
export interface IndexedPart {
  readonly msn: number
  readonly number: number
  /** Ticks of the track's timescale. */
  readonly duration: number
  /** As `Part.overhang`. */
  readonly overhang?: number
  readonly size: number
  readonly independent: boolean
  /** Closes its segment; false of one that a crash cut short. */
  readonly last: boolean
  readonly gap: boolean
}

/**
 * Segments of a track, oldest first. A plain array is one too; the disk store's own keeps a day in a few MB and makes
 * the values when asked.
 */
export interface SegmentList extends Iterable<IndexedSegment> {
  readonly length: number
  /** As `Array.prototype.at`. */
  at(index: number): IndexedSegment | undefined
  /** As `Array.prototype.slice`. */
  slice(from?: number, to?: number): readonly IndexedSegment[]
}

export interface AssetTrack {
  readonly track: TrackId
  readonly kind: 'video' | 'audio'
  /**
   * Closed segments that are on disk; retention removes from the front. All tracks of an asset list the same media
   * sequence numbers: where a track has nothing there is a gap.
   */
  readonly segments: SegmentList
  /** The newest parts, oldest first, for the playlists of who goes on; only `recover` gives them. */
  readonly recent?: readonly IndexedPart[]
}

/** What retention removed before the first segment listed: where playlists count from. */
export interface Removed {
  /** Listed sequence numbers. */
  readonly segments: number
  readonly discontinuities: number
  /** How many of them a playlist lists as two, a pause and what follows it, by track. Absent: none. */
  readonly pauses?: Readonly<Record<TrackId, number>>
}

/** What is known of a stored broadcast. */
export interface AssetIndex {
  readonly assetId: string
  readonly timing: BroadcastTiming
  /** As it was begun: whose it is, where that was noted, and Unix milliseconds. */
  readonly begun?: { readonly channelId: string | undefined; readonly at: number }
  readonly epochs: readonly Epoch[]
  /** Where retention has removed whole epochs: the wall clock of the very first one, Unix milliseconds. */
  readonly origin?: number
  readonly tracks: readonly AssetTrack[]
  /** True when the broadcast was finished properly. */
  readonly ended: boolean
  /** Of one that this process finished: when, Unix milliseconds. */
  readonly endedAt?: number
  /** True when retention has removed the start. */
  readonly shed: boolean
  readonly removed: Removed
  /** Changes whenever anything else here does; equal versions of an asset are equal indexes. */
  readonly version: number
  /** First number that no viewer can have seen: continue from here after a restart. */
  readonly next: { readonly msn: number; readonly part: number }
  /** Viewers were shown segments after the newest recorded one, and before `next`. Not known where the disk took no note. */
  readonly unrecorded?: boolean
  /** Bytes on disk. */
  readonly bytes: number
}

/** Writing side of one broadcast. Calls return at once; the queue behind them is bounded and counts what it drops. */
export interface AssetWriter extends PartSink {
  /** Resolves when everything queued is on disk (or given up) and the end is written. */
  end(): Promise<void>
  /** As `end`, but without the end mark: the broadcast may go on after a restart. */
  suspend(): Promise<void>
  /**
   * Resolves when everything taken so far is with the operating system, where a killed process does not lose it, or given
   * up. A disk that does not answer keeps it from settling.
   */
  written(): Promise<void>
  /**
   * Bytes of consecutive parts of one segment in pieces, as `SegmentStore.read`, and of those too that still wait for the disk.
   * `undefined` where some of them were dropped or given up.
   */
  read(track: TrackId, firstPart: number, lastPart: number): Promise<readonly Uint8Array[] | undefined>
  /** `recording` or why not, for the studio. Changes are also reported through the store's `onState`. */
  readonly state: WriterState
}

export interface WriterState {
  readonly recording: boolean
  /** What is wrong and what to do about it, when `recording` is false; absent when the broadcast is over. */
  readonly reason?: string
  /** Parts that are missing in the recording because the disk did not take them. */
  readonly droppedParts: number
}

export interface CreateOptions {
  /** `false`: only the last 140 s are kept while the broadcast runs, nothing after it. Default true. */
  readonly recording?: boolean
  /** Whose broadcast it is, for a start at which nobody else knows any more. */
  readonly channelId?: string
}

/** Bytes `from` up to, not including, `to`. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export interface StoredPart {
  readonly number: number
  readonly offset: number
  readonly length: number
}

/** The one segment store: asynchronous, immutable named parts, so that S3, IPFS and other processes fit behind it. */
export interface SegmentStore {
  create(assetId: string, timing: BroadcastTiming, options?: CreateOptions): AssetWriter
  /** Goes on with a broadcast found by `recover`. */
  resume(assetId: string): AssetWriter
  /**
   * Reads every asset's index after cutting torn tails; call once at start. Gives those of assets that were not ended.
   * @throws EngineError `data-folder` when recordings cannot be kept here
   */
  recover(): Promise<readonly AssetIndex[]>
  /** Index of any asset, growing or ended; `undefined` when there is none. */
  index(assetId: string): Promise<AssetIndex | undefined>
  /**
   * Bytes of consecutive parts of one segment; `undefined` when (no longer) there. With a range only these of them.
   * Throws EngineError `limit` when too many reads wait already.
   */
  read(
    assetId: string,
    track: TrackId,
    firstPart: number,
    lastPart: number,
    range?: ByteRange,
  ): Promise<Uint8Array | undefined>
  /** Where each of consecutive parts of one segment that have media begins in what `read` gives for them; `undefined` as there. */
  parts(
    assetId: string,
    track: TrackId,
    firstPart: number,
    lastPart: number,
  ): Promise<readonly StoredPart[] | undefined>
  remove(assetId: string): Promise<void>
  /** Bytes used by all assets. */
  usage(): number
  /** Suspends what is still being written and lets go of every file. */
  close(): Promise<void>
}
