import type { Entry } from './entry.ts'

/** What came at once: the entries of a segment or part of one rendition. */
export interface Load {
  /** Of a rendition; its entries stay in order. */
  readonly lane: number
  /** It decides how late everything is passed on; other renditions follow, and may be late. */
  readonly leads: boolean
  readonly entries: readonly Entry[]
  /** Ticks of 90 kHz. */
  readonly start: number
  readonly end: number
  /** ms of media that come at a time: a segment's target duration, or a part's. */
  readonly pace: number
}
