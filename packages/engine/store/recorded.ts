import { isReplayed, withoutPause } from './pause.ts'
import type { AssetIndex } from './port.ts'

/** How much there is of a recording. */
export interface Recorded {
  /** Milliseconds of media in the longest track, gaps and pauses left out. */
  readonly duration: number
  /** When the newest segment was closed, Unix milliseconds; `undefined` when there is none. */
  readonly until: number | undefined
}

export function recorded(index: AssetIndex): Recorded {
  let longest = 0
  let until: number | undefined
  for (const { segments } of index.tracks) {
    let duration = 0
    for (const segment of segments) {
      if (!isReplayed(segment)) continue
      duration += (withoutPause(segment).duration * 1000) / segment.timescale
      until = Math.max(until ?? 0, segment.closedAt)
    }
    longest = Math.max(longest, duration)
  }
  return { duration: Math.round(longest), until }
}
