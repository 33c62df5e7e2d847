import type { Log } from '../ports.ts'
import { type AssetFiles, type AssetMemory, isUnrecorded } from './asset.ts'
import type { StoreIo } from './io.ts'
import type { JournalRecord } from './journal.ts'
import { createJournalWriter } from './journal-writer.ts'
import type { StoreLimits } from './limits.ts'
import { createPartWriter } from './part-writer.ts'
import type { AssetWriter, SegmentStore, WriterState } from './port.ts'
import { createPartQueue } from './queue.ts'
import { createQueuedReading } from './queued-reading.ts'
import { mendLeft } from './repair.ts'
import { markRunning, unmarkRunning } from './running.ts'
import { BEHIND, describeTrouble, RESTLESS, SWITCHED_OFF } from './trouble.ts'
import { createWriterReport } from './writer-report.ts'

/** The disk's side of a writer: the store calls it, one writer at a time. */
export interface WriterTask {
  readonly assetId: string
  readonly files: AssetFiles
  readonly memory: AssetMemory
  readonly writer: AssetWriter
  /** Something waits to be written or flushed, and no earlier failure says to wait. */
  isDue(now: number): boolean
  /** Writes what waits. Failures are kept and reported, never thrown. */
  flush(): Promise<void>
  /** Queues a record for the journal. */
  note(record: JournalRecord): void
  /** Writes a record to the journal at once. @throws what the disk says; then it is not written */
  append(record: JournalRecord): Promise<void>
  /** Reports trouble that only the store sees; `undefined` when it is over. */
  trouble(reason: string | undefined): void
  /** Nothing is left to write. */
  isIdle(): boolean
  /** True while a track still writes to the span. */
  isWriting(firstMsn: number): boolean
  /** Closes the index, writes the end mark if there is to be one, flushes to the device. @throws what the disk says */
  seal(how: 'end' | 'suspend'): Promise<void>
  /** Lets go of the files; nothing is written any more. */
  abandon(): void
}

export interface WriterOptions {
  readonly io: StoreIo
  readonly root: string
  readonly limits: StoreLimits
  readonly log: Log
  readonly now: () => number
  readonly files: AssetFiles
  readonly memory: AssetMemory
  readonly onState: (state: WriterState) => void
  /** A span that has grown to this many bytes is followed by a new one, however young it is. */
  readonly spanBytes: () => number
  /** So many bytes were written. */
  readonly wrote: (bytes: number) => void
  /** What is on the disk. */
  readonly read: SegmentStore['read']
  /** True while there is no space for recordings. */
  readonly isBlocked: () => boolean
  /** Something new waits. */
  readonly wake: () => void
  /** The broadcast is over: resolves when the store is done with it. */
  readonly finish: (how: 'end' | 'suspend') => Promise<void>
}

export function createWriter(options: WriterOptions): WriterTask {
  const { io, root, limits, now, files, memory } = options
  const queue = createPartQueue(limits, options.isBlocked)
  const journal = createJournalWriter({ io, limits, files, memory })
  const parts = createPartWriter({ ...options, queue })
  let isFolderMade = false
  let isFolderDirty = false
  let lastSync = now()
  let retryAt = 0
  /** Why nothing is recorded: an error of this writer's own, or something that the store saw. */
  let failure: string | undefined
  let outside: string | undefined
  let isGone = false
  /** Who waits until so many parts have been taken out of the queue; rising, at most one for each part there. */
  let waiting: { readonly taken: number; readonly promise: Promise<void>; readonly resolve: () => void }[] = []
  /** An epoch that found no room: its parts cannot be recorded either. */
  let lostEpoch: number | undefined
  let notedEpoch: number | undefined
  let lostParts = 0
  /** Highest sequence number that a viewer may have seen. */
  let shownMsn = -1
  /** Viewers are shown what is not recorded, since a former process where nothing was recorded since. */
  let isLosing = isUnrecorded(memory)

  const report = createWriterReport({
    assetId: files.assetId,
    log: options.log,
    onState: options.onState,
    reason: () =>
      failure ??
      outside ??
      (queue.overflowing ? BEHIND : undefined) ??
      (lostEpoch === undefined ? undefined : RESTLESS) ??
      (memory.recording ? undefined : SWITCHED_OFF),
    droppedParts: () => queue.dropped + lostParts,
  })

  function isDirty(): boolean {
    return isFolderDirty || parts.isDirty
  }

  async function makeFolder(): Promise<void> {
    // Marked first: a folder without a mark would be taken for one of an ended broadcast.
    await markRunning(io, root, files.assetId)
    await io.mkdir(files.folder)
    await io.syncFolder(root)
    isFolderMade = true
  }

  async function sync(): Promise<void> {
    // Without it single parts of the last segments before the start cannot be found: no reason to record nothing now.
    await mendLeft(io, files).catch(() => undefined)
    await parts.sync()
    if (isFolderDirty) await io.syncFolder(files.folder)
    isFolderDirty = false
    lastSync = now()
  }

  async function flush(): Promise<void> {
    if (isGone) return
    try {
      if (!isFolderMade) await makeFolder()
      // What comes while the disk is busy may be of an epoch that comes too: it waits for that to be in the journal.
      const count = queue.parts
      if (!journal.isIdle) await journal.write()
      if (count > 0) {
        await parts.write(count)
        if (!queue.overflowing && lostEpoch === undefined) isLosing = false
      }
      answer()
      if (journal.takeMade() || parts.takeMade()) isFolderDirty = true
      if (isDirty() && now() - lastSync >= limits.syncMs) await sync()
      failure = undefined
    } catch (error) {
      failure = describeTrouble(error)
      retryAt = now() + limits.retryMs
    }
    // A write that fails after the broadcast was given up is nobody's trouble any more.
    if (!isGone) report.look()
  }

  function answer(): void {
    const done = isGone ? Number.POSITIVE_INFINITY : queue.taken - queue.parts
    for (const { taken, resolve } of waiting) if (taken <= done) resolve()
    waiting = waiting.filter(({ taken }) => taken > done)
  }

  let closing: Promise<void> | undefined
  const writer: AssetWriter = {
    epoch(epoch) {
      if (closing !== undefined) return
      const isNoted = journal.note({ type: 'epoch', epoch })
      // One that is noted again, with a rendition more, is not lost where that finds no room.
      if (isNoted) notedEpoch = epoch.id
      if (isNoted || epoch.id !== notedEpoch) lostEpoch = isNoted ? undefined : epoch.id
      report.look()
      options.wake()
    },
    part(part) {
      if (closing !== undefined || isGone) return
      shownMsn = Math.max(shownMsn, part.msn)
      if (part.epoch === lostEpoch) lostParts++
      if (part.epoch === lostEpoch || !queue.push(part)) {
        // Once: as long as the disk takes it, the next process must not list what is older than this.
        if (!isLosing) journal.noteShown()
        isLosing = true
      }
      report.look()
      options.wake()
    },
    reserve(numbers) {
      if (closing !== undefined || isGone) return
      journal.reserve(numbers, isLosing)
      options.wake()
    },
    written() {
      if (isGone || queue.parts === 0) return Promise.resolve()
      const newest = waiting.at(-1)
      if (newest?.taken === queue.taken) return newest.promise
      const entry = { taken: queue.taken, ...Promise.withResolvers<void>() }
      waiting.push(entry)
      return entry.promise
    },
    read: createQueuedReading(queue, memory.assembler, (...parts) => options.read(files.assetId, ...parts)),
    end: () => (closing ??= options.finish('end')),
    suspend: () => (closing ??= options.finish('suspend')),
    get state() {
      return report.state
    },
  }

  async function leave(): Promise<void> {
    isGone = true
    // What was given up is not read any more.
    queue.shift(queue.parts)
    answer()
    report.end()
    await parts.close()
    await journal.close()
  }

  return {
    assetId: files.assetId,
    files,
    memory,
    writer,
    isDue(at) {
      if (isGone || at < retryAt) return false
      if (queue.parts > 0 || !journal.isIdle) return true
      return isDirty() && at - lastSync >= limits.syncMs
    },
    flush,
    note(record) {
      journal.note(record)
      options.wake()
    },
    append: journal.append,
    trouble(reason) {
      outside = reason
      if (!isGone) report.look()
    },
    isIdle: () => isGone || (queue.parts === 0 && journal.isIdle),
    isWriting: parts.isWriting,
    async seal(how) {
      if (isGone) return
      await sync()
      // After an end mark nobody would look for what the index has not.
      if (how === 'end') await mendLeft(io, files)
      memory.assembler.finish()
      if (how === 'end' && memory.recording) {
        const spans = files.spans.map((span) => ({ ...span, tracks: [...span.tracks] }))
        journal.note({ type: 'end', at: Math.round(now()), spans })
      } else if (shownMsn >= 0) journal.release(shownMsn)
      await journal.write()
      if (how === 'end' && memory.recording) await unmarkRunning(io, root, files.assetId)
      await leave()
    },
    abandon() {
      if (!isGone) leave().catch(() => undefined)
    },
  }
}
