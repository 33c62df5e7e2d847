import type { TrackConfig } from '@bandstand/media/track.ts'
import { HLS_LIMITS } from './limits.ts'

/** Why a segment is refused that has more units than may be. */
export const TOO_MANY_UNITS = `a segment has more than ${HLS_LIMITS.segmentUnits} pictures and frames of sound: make the segments shorter, or the frames of sound longer`

/** Which of a rendition's tracks it is: the first of each kind is taken. */
export type Slot = 'video' | 'audio'

/** What a segment gives, in the order of decoding of each track. Times in ticks of 90 kHz on the source's clock. */
export type Entry =
  | { readonly kind: 'config'; readonly slot: Slot; readonly dts: number; readonly config: TrackConfig }
  | {
      readonly kind: 'unit'
      readonly slot: Slot
      readonly dts: number
      readonly pts: number
      readonly key: boolean
      readonly data: Uint8Array
    }

/** What was made of the bytes of one segment or part. */
export type SegmentContent =
  | {
      readonly kind: 'media'
      readonly entries: readonly Entry[]
      /** Ticks of 90 kHz, of all tracks; `end` is that of the last unit. */
      readonly start: number
      readonly end: number
      /** Units that could not be read. */
      readonly malformed: number
      /** Of the first segment: what else is in it is left out. */
      readonly tracks: { readonly video: boolean; readonly audio: boolean }
    }
  /** It ends in the midst of something, or there is nothing in it. */
  | { readonly kind: 'incomplete' }
  /** It can never be read; what to change. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Reads the segments of one rendition, one after the other. */
export interface SegmentReader {
  /**
   * @param bytes a whole segment or part, which nobody changes any more: units are views on it
   * @param isFinal nothing is going to be added to it
   */
  read(bytes: Uint8Array, isFinal: boolean): SegmentContent
}
