import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'

/** A track of an epoch. */
export interface TimelineTrack {
  readonly track: TrackId
  readonly config: TrackConfig
  /** Seconds, measured while the epoch's start was held, or what the configuration says. */
  readonly frameDuration: number
}

/** Why an epoch begins. */
export type EpochReason =
  /** An encoder connected. */
  | 'encoder'
  /** The source clock jumped by more than 1 s. */
  | 'jump'
  /** A codec configuration changed. */
  | 'configuration'
  /** A track began after the start. */
  | 'late-track'

/** A unit in its track's own timescale on the broadcast's clock. */
export interface TimedUnit extends AccessUnit {
  /** Always the same bytes, but not always in the same place: once they stand in a part, they are read there. */
  data: Uint8Array
  /** Wall clock when it was read, Unix milliseconds: up to two gulps of the socket after it came. */
  readonly arrivedAt: number
}

export type TimelineEvent =
  | {
      readonly kind: 'epoch-opened'
      readonly id: number
      /** Ticks of 90 kHz. */
      readonly start: number
      /** Program date time of `start`, Unix milliseconds. */
      readonly wallClock: number
      readonly tracks: readonly TimelineTrack[]
      readonly reason: EpochReason
      /** What brings the encoder's presentation times of pictures here, in 90 kHz ticks; absent where there are no pictures. */
      readonly shift?: number
    }
  | { readonly kind: 'unit'; readonly unit: TimedUnit }
  /** `end` in ticks of 90 kHz: no unit reaches beyond, the next epoch starts there. */
  | { readonly kind: 'epoch-closed'; readonly id: number; readonly end: number }

/** What the timeline had to put right, since the broadcast began. */
export interface TimelineCounters {
  epochs: number
  /** Source clock jumps of more than 1 s. */
  jumps: number
  /** Units before a key frame, of unknown tracks, overlapping or on a clock that is gone. */
  droppedUnits: number
  /** Silent frames put where sound was missing. */
  filledAudioFrames: number
  /** Decode times that did not rise and were moved. */
  clampedTimes: number
  /** Times audio was moved to meet its timestamps again. */
  audioCorrections: number
}
