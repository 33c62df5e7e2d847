import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Part } from '../packager/model.ts'
import type { StoreLimits } from './limits.ts'

/**
 * Parts of one broadcast that wait for the disk, bounded. When it is full the rest of the segment is given up on all
 * tracks and a gap takes its place, so that the recording goes on at a common segment border once there is room.
 */
export interface PartQueue {
  /** False when the part was dropped. */
  push(part: Part): boolean
  /** The oldest parts in the order they came, not taken out. */
  peek(count: number): readonly Part[]
  /** Those of a track from one number to another, oldest first. */
  between(track: TrackId, first: number, last: number): readonly Part[]
  /** Takes out parts that were written. */
  shift(count: number): void
  readonly parts: number
  readonly bytes: number
  /** Parts that were put in so far; minus `parts` that is how many were taken out. */
  readonly taken: number
  readonly dropped: number
  /** True from the first dropped part until a part is taken again. */
  readonly overflowing: boolean
}

/** @param blocked asked for each part: true when nothing is to be queued at all, for example for lack of space. */
export function createPartQueue(limits: StoreLimits, blocked: () => boolean): PartQueue {
  const queue: Part[] = []
  /** First segment that lost parts, per track: one gap says it, what follows is missing altogether. */
  const gaps = new Map<TrackId, Part>()
  let bytes = 0
  let taken = 0
  let dropped = 0
  let droppedMsn = -1
  let overflowing = false

  function enqueue(part: Part): void {
    queue.push(part)
    taken++
    bytes += part.bytes.byteLength
  }

  function drop(part: Part): void {
    dropped++
    if (overflowing) droppedMsn = Math.max(droppedMsn, part.msn)
    const gap = gaps.get(part.track)
    if (gap === undefined) {
      gaps.set(part.track, { ...part, bytes: new Uint8Array(0), gap: true, last: true, independent: false, lost: true })
    } else if (gap.msn === part.msn) {
      const duration = part.start + part.duration - gap.start
      gaps.set(part.track, { ...gap, number: part.number, duration, closedAt: part.closedAt })
    }
  }

  return {
    push(part) {
      const isFull = bytes + part.bytes.byteLength > limits.queueBytes || queue.length >= limits.queueParts
      if (isFull || blocked()) overflowing = true
      else if (
        overflowing &&
        part.msn > droppedMsn &&
        queue.length * 2 <= limits.queueParts &&
        bytes * 2 <= limits.queueBytes
      ) {
        overflowing = false
      }
      if (overflowing || part.msn <= droppedMsn) {
        drop(part)
        return false
      }
      const gap = gaps.get(part.track)
      if (gap !== undefined) {
        gaps.delete(part.track)
        enqueue(gap)
      }
      enqueue(part)
      return true
    },
    peek: (count) => queue.slice(0, count),
    between: (track, first, last) =>
      queue.filter((part) => part.track === track && part.number >= first && part.number <= last),
    shift(count) {
      for (const part of queue.splice(0, count)) bytes -= part.bytes.byteLength
    },
    get parts() {
      return queue.length
    },
    get bytes() {
      return bytes
    },
    get taken() {
      return taken
    },
    get dropped() {
      return dropped
    },
    get overflowing() {
      return overflowing
    },
  }
}
