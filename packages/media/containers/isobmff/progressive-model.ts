import type { TrackId } from '../../access-unit.ts'
import type { TrackConfig } from '../../track.ts'

export interface ProgressiveTrack {
  readonly track: TrackId
  /** Every configuration that a chunk refers to, equal ones as often as suits; all of one kind. Times of the track are written in the first's timescale. */
  readonly configs: readonly TrackConfig[]
}

/** One sample; `parseFragment().samples` are these. */
export interface ProgressiveSample {
  readonly size: number
  /** Ticks of the chunk's configuration. */
  readonly duration: number
  readonly compositionOffset: number
  readonly key: boolean
}

/** Samples whose media lies one after the other in one piece at `source`, for example those of one part. */
export interface ProgressiveChunk<Source> {
  readonly configIndex: number
  /** Decode time of the first sample in ticks of the chunk's configuration, on a clock that all tracks share. */
  readonly start: number
  readonly samples: readonly ProgressiveSample[]
  /** Where the caller finds the media: kept and handed back, never looked at. */
  readonly source: Source
}
