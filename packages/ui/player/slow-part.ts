/**
 * When to leave a rendition at once because the link has become too slow for it.
 *
 * hls.js averages its estimate over seconds and gives a load up when what is buffered would not last. With LL-HLS only about a
 * second is buffered, so that is too late: the picture stands. A part whose bytes took nearly as long as it plays says the same
 * seconds earlier, while there is still time to fetch the segment anew in a smaller rendition.
 */

/** A part that took more than this share of its duration is too slow. */
const slow = 0.7
/** Share of the throughput just seen that the next rendition may take. */
const safe = 0.6
/** With more than this buffered there is time for the usual way; seconds. */
const ample = 4

export interface LoadedPart {
  /** Seconds that it plays. */
  readonly duration: number
  readonly bytes: number
  /** Seconds from its first byte to its last; what the server held it back does not count. */
  readonly transfer: number
  /** Seconds buffered after the frame on screen. */
  readonly ahead: number
}

/** @returns bits per second that the next rendition may have, or `undefined` where nothing has to change */
export function tooSlow({ duration, bytes, transfer, ahead }: LoadedPart): number | undefined {
  if (ahead > ample || transfer <= duration * slow) return undefined
  return ((bytes * 8) / transfer) * safe
}

export interface SlowSegment {
  /** Seconds of the whole segment. */
  readonly duration: number
  /** Seconds from the start of the part that is on its way to the segment's end. */
  readonly left: number
  /** Bytes of that part that are there. */
  readonly bytes: number
  /** Bits per second of the rendition that it is in, and of the one that would come instead. */
  readonly bitrate: number
  readonly next: number
}

/**
 * Whether all of a segment in another rendition is less to fetch than what is missing of it in this one. From its last key frame
 * on would do, and where that is nobody knows before the other's playlist is there.
 */
export function lessAnew({ duration, left, bytes, bitrate, next }: SlowSegment): boolean {
  return duration * next < left * bitrate - bytes * 8
}
