import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Assembler } from './assembler.ts'
import type { AssetWriter } from './port.ts'
import type { PartQueue } from './queue.ts'

/**
 * Reads what a writer was given, also what still waits for the disk: one that is behind takes a part after the live window has
 * let go of its bytes, and players ask for what is listed. The queue's bound is the bound of this, and what waits is not copied.
 *
 * @param fromDisk as `SegmentStore.read`
 */
export function createQueuedReading(
  queue: PartQueue,
  assembler: Assembler,
  fromDisk: (track: TrackId, firstPart: number, lastPart: number) => Promise<Uint8Array | undefined>,
): AssetWriter['read'] {
  return async (track, firstPart, lastPart) => {
    const queued = queue.between(track, firstPart, lastPart)
    const [head] = queued
    if (head === undefined) {
      const bytes = await fromDisk(track, firstPart, lastPart)
      return bytes && [bytes]
    }
    // A part leaves the queue and enters the index in one turn of the event loop; while any waits, its segment is open there.
    const open = assembler.open(track).flatMap(({ parts }) => parts)
    const written = open.filter(({ number }) => number >= firstPart && number < head.number)
    // Of a segment that lost a part nothing will be read from the disk either.
    const isWhole = written.length + queued.length === lastPart - firstPart + 1
    if (!isWhole || queued.some(({ lost }) => lost)) return undefined
    const pieces = queued.filter(({ gap }) => !gap).map(({ bytes }) => bytes)
    if (written.some(({ gap }) => !gap)) {
      const bytes = await fromDisk(track, firstPart, head.number - 1)
      if (bytes === undefined) return undefined
      pieces.unshift(bytes)
    }
    return pieces.length === 0 ? undefined : pieces
  }
}
