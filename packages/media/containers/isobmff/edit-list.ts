import { type BoxTree, box, fields, fullBox } from './box-writer.ts'

/** What a stretch of the movie shows of a track (ISO/IEC 14496-12 §8.6.6). */
export interface Edit {
  /** Ticks of the movie. */
  readonly duration: number
  /** Ticks of the track at which it begins, or {@link EMPTY}. */
  readonly mediaTime: number
}

/** Media time of an edit that shows nothing. */
export const EMPTY = -1

const MAX_U32 = 0xffffffff
const MAX_I32 = 0x7fffffff
const RATE = 0x0001_0000

/** `edts`; nothing where all of the track is shown from the beginning on. */
export function editList(edits: readonly Edit[]): BoxTree[] {
  if (edits.length < 2) return []
  const isWide = edits.some(({ duration, mediaTime }) => duration > MAX_U32 || mediaTime > MAX_I32)
  const entries = fields((w) => {
    w.u32(edits.length)
    for (const { duration, mediaTime } of edits) {
      if (!isWide) w.u32(duration).i32(mediaTime)
      else if (mediaTime === EMPTY) w.u64(duration).u32(MAX_U32).u32(MAX_U32)
      else w.u64(duration).u64(mediaTime)
      w.u32(RATE)
    }
    return w
  })
  return [box('edts', fullBox('elst', isWide ? 1 : 0, 0, entries))]
}
