import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { parseSyncFrame, SAMPLES_PER_BLOCK, type SyncFrame } from './sync-frame.ts'

/** Frames of an access unit: 8 independent substreams with 8 dependent ones each, of 6 frames of one block. */
const MAX_FRAMES = 8 * 9 * 6
/** An access unit of E-AC-3 in MP4 has as many blocks as a frame of AC-3 (ETSI TS 102 366 §F.6). */
const BLOCKS = 6
const DEPENDENT = 1

/**
 * The synchronisation frames of one access unit, in order. Bytes behind the last whole frame are passed over (padding). Throws as
 * `parseSyncFrame` for the first one, `truncated` where that runs past the end.
 */
export function parseAc3AccessUnit(unit: Uint8Array): SyncFrame[] {
  const frames: SyncFrame[] = []
  for (let at = 0; at < unit.byteLength && frames.length < MAX_FRAMES; ) {
    const frame = frames.length === 0 ? parseSyncFrame(unit, at) : next(unit, at)
    if (frame === undefined) break
    if (at + frame.frameBytes > unit.byteLength) {
      if (frames.length > 0) break
      throw new MediaError('truncated', `ac3: frame of ${frame.frameBytes} bytes`, { structure: 'ac3' })
    }
    frames.push(frame)
    at += frame.frameBytes
  }
  return frames
}

function next(unit: Uint8Array, at: number): SyncFrame | undefined {
  try {
    return parseSyncFrame(unit, at)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** Samples of an access unit: those of its first programme. */
export function ac3Duration(frames: readonly SyncFrame[]): number {
  return frames.filter(isLeading).reduce((sum, { blocks }) => sum + blocks * SAMPLES_PER_BLOCK, 0)
}

/** Of the first programme's independent substream, which carries the time. */
function isLeading({ streamType, substream }: SyncFrame): boolean {
  return streamType !== DEPENDENT && substream === 0
}

/** Puts E-AC-3 frames of fewer than six blocks, and substreams that belong together, into one access unit. */
export interface Ac3Joiner {
  /**
   * The access unit that ended where this frame begins, if one did. Frames of AC-3 and of six blocks alone come out one later.
   * @param frame one whole synchronisation frame. Throws as `parseSyncFrame`.
   */
  add(frame: Uint8Array): Uint8Array | undefined
  /** What is held, at the end or before a hole. */
  flush(): Uint8Array | undefined
}

export function createAc3Joiner(): Ac3Joiner {
  let held: Uint8Array[] = []
  let blocks = 0

  function flush(): Uint8Array | undefined {
    const unit = held.length === 0 ? undefined : concatBytes(held)
    held = []
    blocks = 0
    return unit
  }

  return {
    add(frame) {
      const head = parseSyncFrame(frame)
      const leads = isLeading(head)
      const done = (leads && blocks + head.blocks > BLOCKS) || held.length === MAX_FRAMES ? flush() : undefined
      if (leads) blocks += head.blocks
      held.push(frame)
      return done
    },
    flush,
  }
}
