import type { Part } from '../packager/model.ts'
import type { Log } from '../ports.ts'
import { type AssetFiles, type AssetMemory, type Span, spanOf, touch } from './asset.ts'
import type { StoreIo } from './io.ts'
import type { StoreLimits } from './limits.ts'
import type { PartQueue } from './queue.ts'
import { createSpanFiles, type SpanFiles } from './span-files.ts'

/** Brings the queued parts of one broadcast to the disk and into its index. */
export interface PartWriter {
  /**
   * Writes the first `count` parts of the queue, a few batches at most: other broadcasts write through the same lane.
   *
   * @throws what the disk says
   */
  write(count: number): Promise<void>
  /** Flushes media and indexes to the device. @throws what the disk says */
  sync(): Promise<void>
  /** Something was written since. */
  readonly isDirty: boolean
  /** A file was made since the last call. */
  takeMade(): boolean
  /** True while the span's files are open. */
  isWriting(firstMsn: number): boolean
  /** Lets go of the files. */
  close(): Promise<void>
}

export interface PartWriterOptions {
  readonly io: StoreIo
  readonly limits: StoreLimits
  readonly log: Log
  readonly files: AssetFiles
  readonly memory: AssetMemory
  readonly queue: PartQueue
  /** A span that has grown to this many bytes is followed by a new one, however young it is. */
  readonly spanBytes: () => number
  /** So many bytes were written. */
  readonly wrote: (bytes: number) => void
}

const BATCHES = 8

export function createPartWriter(options: PartWriterOptions): PartWriter {
  const { io, limits, log, files, memory, queue } = options
  const spanMs = memory.recording ? limits.spanMs : limits.windowSpanMs
  /** Spans begun by this writer and not closed: files of an earlier life are never written to again. */
  const open = new Map<number, SpanFiles>()
  /** Media time in ms at which the newest span began, and the highest sequence number that has a span. */
  let spanStart = Number.NEGATIVE_INFINITY
  let highest = memory.assembler.highest.msn
  let isDirty = false
  let isMade = false
  let isClosed = false

  /** Media time in ms. */
  const timeOf = (part: Part): number => (part.start * 1000) / memory.timescale(part.track, part.epoch)

  /** Whether a span begins with this part: only with a sequence number above those that have a span. */
  function beginsSpan(part: Part, above: number): boolean {
    if (part.msn <= above) return false
    return timeOf(part) - spanStart >= spanMs || (files.spans.at(-1)?.bytes ?? 0) >= options.spanBytes()
  }

  function beginSpan(part: Part): Span {
    spanStart = timeOf(part)
    const begun: Span = { firstMsn: part.msn, tracks: new Set(), bytes: 0, newest: part.closedAt }
    files.spans.push(begun)
    open.set(part.msn, createSpanFiles(io, files.folder, part.msn, limits.verifyMs / 2))
    return begun
  }

  /** How many of the parts, from the first on, go to this span. */
  function countOf(span: Span, parts: readonly Part[]): number {
    let above = Math.max(highest, span.firstMsn)
    const end = parts.findIndex((part) => {
      if (beginsSpan(part, above) || spanOf(files.spans, part.msn) !== span) return true
      above = Math.max(above, part.msn)
      return false
    })
    return end < 0 ? parts.length : end
  }

  /** Writes the first parts of the queue that go to one span, at most so many. Gives how many it took. */
  async function writeBatch(most: number): Promise<number> {
    const waiting = queue.peek(Math.min(most, limits.batchParts))
    const [head] = waiting
    if (head === undefined || isClosed) return 0
    const span = beginsSpan(head, highest) ? beginSpan(head) : spanOf(files.spans, head.msn)
    const own = span === undefined ? undefined : open.get(span.firstMsn)
    if (span === undefined || own === undefined) {
      const { track, msn } = head
      log.error({ assetId: files.assetId, track, msn }, 'part with an old sequence number not recorded')
      queue.shift(1)
      return 1
    }
    const batch = waiting.slice(0, countOf(span, waiting))
    highest = batch.reduce((most, part) => Math.max(most, part.msn), highest)
    const before = own.bytes
    const { records, first } = await own.append(batch)
    isDirty = true
    span.bytes += own.bytes - before
    options.wrote(own.bytes - before)
    queue.shift(batch.length)
    for (const track of own.tracks) {
      if (span.tracks.has(track)) continue
      span.tracks.add(track)
      isMade = true
    }
    for (const [i, record] of records.entries()) {
      memory.assembler.add(record, first + i)
      span.newest = Math.max(span.newest, record.closedAt)
    }
    touch(memory)
    return batch.length
  }

  /** Tracks begin a span one after the other; one that stays behind for long has nothing more for the old one. */
  async function closeOld(): Promise<void> {
    for (const [firstMsn, own] of open) {
      const next = files.spans.find((span) => span.firstMsn > firstMsn)
      if (next === undefined) return
      const isLeft = [...own.tracks].every((track) => next.tracks.has(track))
      if (!isLeft && highest - next.firstMsn < limits.laggingSegments) return
      await own.sync()
      open.delete(firstMsn)
      await own.close()
    }
  }

  return {
    async write(count) {
      let left = count
      for (let batches = 0; batches < BATCHES && left > 0; batches++) {
        const written = await writeBatch(left)
        if (written === 0) break
        left -= written
      }
      if (open.size > 1) await closeOld()
    },
    async sync() {
      for (const own of open.values()) await own.sync()
      isDirty = false
    },
    get isDirty() {
      return isDirty
    },
    takeMade() {
      const wasMade = isMade
      isMade = false
      return wasMade
    },
    isWriting: (firstMsn) => open.has(firstMsn),
    async close() {
      isClosed = true
      const left = [...open.values()]
      open.clear()
      for (const own of left) await own.close()
    },
  }
}
