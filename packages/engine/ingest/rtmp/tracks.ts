import type { TrackId } from '@bandstand/media/access-unit.ts'

/** How long, ms of the encoder's clock, track 0 is waited for when another one comes first. */
const FIRST_TRACK_MS = 1_000
/** Tracks that may wait for it: each has a reader already, and an encoder's clock need not go on. */
const MOST_WAITING = 16

/** Which of the encoder's tracks of one kind is which of ours (Enhanced RTMP v2: "it is RECOMMENDED to use trackId set to zero" for the first). */
export interface TrackNumbers {
  /**
   * Ours for the encoder's; `undefined` for one that is left out, or while it is not known which one is the first.
   * @param timestamp of the encoder, ms
   */
  of(track: number, timestamp: number): TrackId | undefined
  /** It is known which one is the first. */
  readonly isDecided: boolean
  /** Tracks seen so far, and those of them that are left out. */
  readonly seen: number
  readonly leftOut: number
}

/**
 * @param first id of the first track
 * @param others ids of further ones: from `first` on, so many
 */
export function numberTracks(first: TrackId, others: { readonly first: TrackId; readonly most: number }): TrackNumbers {
  const ids = new Map<number, TrackId | undefined>()
  const waiting = new Set<number>()
  let main: number | undefined
  let since: number | undefined
  let leftOut = 0

  function decide(track: number): void {
    main = track
    ids.set(track, first)
    for (const other of [...waiting].sort((a, b) => a - b)) if (other !== track) add(other)
    waiting.clear()
  }

  function add(track: number): void {
    const further = ids.size - 1
    if (further >= others.most) leftOut++
    ids.set(track, further < others.most ? others.first + further : undefined)
  }

  return {
    of(track, timestamp) {
      if (main === undefined) {
        since ??= timestamp
        waiting.add(track)
        if (track === 0) decide(0)
        else if (timestamp - since >= FIRST_TRACK_MS || timestamp < since || waiting.size > MOST_WAITING) {
          decide(Math.min(...waiting))
        } else return undefined
      }
      if (!ids.has(track)) add(track)
      return ids.get(track)
    },
    get isDecided() {
      return main !== undefined
    },
    get seen() {
      return Math.max(ids.size, waiting.size)
    },
    get leftOut() {
      return leftOut
    },
  }
}
