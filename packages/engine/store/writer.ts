import { join } from 'node:path'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import { EngineError } from '../error.ts'
import type { Part } from '../packager/model.ts'
import type { Log } from '../ports.ts'
import { type AssetFiles, type AssetMemory, applyJournal, type Span, spanOf, touch } from './asset.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { type JournalRecord, writeJournalHeader, writeJournalRecord } from './journal.ts'
import type { StoreLimits } from './limits.ts'
import { JOURNAL_NAME, RESERVED_NAME } from './names.ts'
import type { AssetWriter, WriterState } from './port.ts'
import { createPartQueue } from './queue.ts'
import { type Reserved, writeReserved } from './reserved.ts'
import { openSpanFiles, type SpanFiles } from './span-files.ts'
import { BEHIND, describeTrouble, SWITCHED_OFF } from './trouble.ts'

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
  /** True while there is no space for recordings. */
  readonly isBlocked: () => boolean
  /** Something new waits. */
  readonly wake: () => void
  /** The broadcast is over: resolves when the store is done with it. */
  readonly finish: (how: 'end' | 'suspend') => Promise<void>
}

export function createWriter(options: WriterOptions): WriterTask {
  const { io, limits, log, now, files, memory } = options
  const span = memory.recording ? limits.spanMs : limits.windowSpanMs
  const queue = createPartQueue(limits, options.isBlocked)
  let journal: JournalRecord[] = []
  let journalFile: StoreFile | undefined
  let reserving: Reserved | undefined
  let reservedFile: StoreFile | undefined
  let isFolderMade = false
  let isFolderDirty = false
  const open = new Map<TrackId, SpanFiles>()
  /** Media time in ms at which the newest span began. */
  let spanStart = Number.NEGATIVE_INFINITY
  /** Spans begun by this writer: files of an earlier life are never written to again. */
  const begunSpans = new Set<number>()
  const openedFiles = new Set<string>()
  let lastSync = now()
  let isDirty = false
  let retryAt = 0
  /** Why nothing is recorded: an error of this writer's own, or something that the store saw. */
  let failure: string | undefined
  let outside: string | undefined
  let isGone = false
  /** An epoch that found no room: its parts cannot be recorded either. */
  let lostEpoch = -1
  let reported = memory.recording

  function state(): WriterState {
    const reason =
      failure ?? outside ?? (queue.overflowing ? BEHIND : undefined) ?? (memory.recording ? undefined : SWITCHED_OFF)
    const droppedParts = queue.dropped
    return reason === undefined ? { recording: true, droppedParts } : { recording: false, reason, droppedParts }
  }

  let lastReason: string | undefined = memory.recording ? undefined : SWITCHED_OFF
  function report(): void {
    // A write that fails after the broadcast was given up is nobody's trouble any more.
    if (isGone) return
    const current = state()
    if (current.recording === reported && current.reason === lastReason) return
    reported = current.recording
    lastReason = current.reason
    const fields = { assetId: files.assetId, dropped: current.droppedParts }
    if (current.reason === undefined) log.info(fields, 'recording again')
    else if (current.reason !== SWITCHED_OFF) log.warn(fields, current.reason)
    options.onState(current)
  }

  /** Whatever was wrong is over with the broadcast. */
  function leave(): void {
    isGone = true
    if (!reported && lastReason !== SWITCHED_OFF) options.onState({ recording: false, droppedParts: queue.dropped })
  }

  async function writeJournal(): Promise<void> {
    if (journal.length === 0) return
    // A copy: what is queued while these are written must not count as written with them.
    const records = [...journal]
    const file = (journalFile ??= await io.open(join(files.folder, JOURNAL_NAME), 'write'))
    const isNew = files.journalBytes === 0
    const buffers = records.map(writeJournalRecord)
    if (isNew) buffers.unshift(writeJournalHeader())
    await file.write(buffers, files.journalBytes)
    // Parts are worth nothing without their epoch.
    await file.sync()
    files.journalBytes += buffers.reduce((sum, bytes) => sum + bytes.byteLength, 0)
    journal = journal.slice(records.length)
    for (const record of records) applyJournal(memory, record)
    if (isNew) isFolderDirty = true
    touch(memory)
  }

  async function writeReservation(): Promise<void> {
    if (reserving === undefined) return
    const written = reserving
    const isNew = reservedFile === undefined
    const file = (reservedFile ??= await io.open(join(files.folder, RESERVED_NAME), 'write'))
    const { bytes, position } = writeReserved(written)
    await file.write([bytes], position)
    await file.sync()
    if (isNew) isFolderDirty = true
    if (reserving === written) reserving = undefined
    else reserving = { ...reserving, count: written.count + 1 }
    memory.reserved = written
    touch(memory)
  }

  /** The span that a part goes to. A new one begins with a sequence number that no track has written yet. */
  function chooseSpan(part: Part): Span | undefined {
    const newest = files.spans.at(-1)
    const at = (part.start * 1000) / memory.timescale(part.track, part.epoch)
    const isFresh = part.msn > memory.assembler.highest.msn
    const isFull = at - spanStart >= span || (newest?.bytes ?? 0) >= options.spanBytes()
    if (isFresh && isFull) {
      const begun: Span = { firstMsn: part.msn, tracks: new Set(), bytes: 0, newest: part.closedAt }
      files.spans.push(begun)
      spanStart = at
      begunSpans.add(part.msn)
      return begun
    }
    const found = spanOf(files.spans, part.msn)
    return found !== undefined && begunSpans.has(found.firstMsn) ? found : undefined
  }

  async function writeTrack(track: TrackId): Promise<void> {
    // A few batches at a time: other broadcasts write through the same lane.
    for (let batches = 0; batches < 8; batches++) {
      const waiting = queue.peek(track, limits.batchParts)
      const head = waiting[0]
      if (head === undefined || isGone) return
      const target = chooseSpan(head)
      if (target === undefined) {
        log.error({ assetId: files.assetId, track, msn: head.msn }, 'part with an old sequence number not recorded')
        queue.shift(track, 1)
        continue
      }
      let current = open.get(track)
      if (current?.firstMsn !== target.firstMsn) {
        if (current !== undefined) {
          await current.sync()
          open.delete(track)
          await current.close()
        }
        const name = `${track}-${target.firstMsn}`
        if (openedFiles.has(name)) throw new EngineError('disk', 'span would be written twice', { track })
        const timescale = memory.timescale(track, head.epoch)
        current = await openSpanFiles(io, files.folder, { track, firstMsn: target.firstMsn, timescale })
        openedFiles.add(name)
        open.set(track, current)
        if (isGone) return void current.close()
        target.tracks.add(track)
        target.bytes += current.bytes
        isFolderDirty = true
      }
      // The batch ends with the segment in which the span may change.
      const end = waiting.findIndex((part) => part.msn !== head.msn)
      const batch = end < 0 ? waiting : waiting.slice(0, end)
      const before = current.bytes
      const { records, record } = await current.append(batch)
      isDirty = true
      target.bytes += current.bytes - before
      queue.shift(track, batch.length)
      for (const [i, written] of records.entries()) {
        memory.assembler.add(track, written, record + i)
        target.newest = Math.max(target.newest, written.closedAt)
      }
      touch(memory)
    }
  }

  async function sync(): Promise<void> {
    for (const file of open.values()) await file.sync()
    if (isFolderDirty) await io.syncFolder(files.folder)
    isFolderDirty = false
    isDirty = false
    lastSync = now()
  }

  async function flush(): Promise<void> {
    if (isGone) return
    try {
      if (!isFolderMade) {
        await io.mkdir(files.folder)
        await io.syncFolder(options.root)
        isFolderMade = true
      }
      if (reserving !== undefined) await writeReservation()
      if (journal.length > 0) await writeJournal()
      for (const track of queue.tracks) await writeTrack(track)
      if ((isDirty || isFolderDirty) && now() - lastSync >= limits.syncMs) await sync()
      failure = undefined
    } catch (error) {
      failure = describeTrouble(error)
      retryAt = now() + limits.retryMs
    }
    report()
  }

  let closing: Promise<void> | undefined
  const writer: AssetWriter = {
    epoch(epoch) {
      if (closing !== undefined) return
      if (journal.length >= limits.journalQueue) {
        lostEpoch = epoch.id
        return
      }
      journal.push({ type: 'epoch', epoch })
      options.wake()
    },
    part(part) {
      if (closing !== undefined || isGone || part.epoch === lostEpoch) return
      queue.push(part)
      report()
      options.wake()
    },
    reserve({ msn, part }) {
      if (closing !== undefined || isGone) return
      const before = reserving ?? memory.reserved
      if (msn <= before.msn && part <= before.part) return
      reserving = {
        msn: Math.max(msn, before.msn),
        part: Math.max(part, before.part),
        count: memory.reserved.count + 1,
      }
      options.wake()
    },
    end: () => (closing ??= options.finish('end')),
    suspend: () => (closing ??= options.finish('suspend')),
    get state() {
      return state()
    },
  }

  return {
    assetId: files.assetId,
    files,
    memory,
    writer,
    isDue(at) {
      if (isGone || at < retryAt) return false
      if (queue.parts > 0 || journal.length > 0 || reserving !== undefined) return true
      return (isDirty || isFolderDirty) && at - lastSync >= limits.syncMs
    },
    flush,
    note(record) {
      journal.push(record)
      options.wake()
    },
    trouble(reason) {
      outside = reason
      report()
    },
    isIdle: () => isGone || (queue.parts === 0 && journal.length === 0 && reserving === undefined),
    isWriting: (firstMsn) => [...open.values()].some((file) => file.firstMsn === firstMsn),
    async seal(how) {
      if (isGone) return
      await sync()
      memory.assembler.finish()
      touch(memory)
      if (how === 'end' && memory.recording) {
        journal.push({ type: 'end', at: Math.round(now()) })
        await writeJournal()
      }
      leave()
      for (const file of open.values()) await file.close()
      open.clear()
      await journalFile?.close()
      await reservedFile?.close()
    },
    abandon() {
      if (isGone) return
      leave()
      for (const file of open.values()) file.close().catch(() => undefined)
      journalFile?.close().catch(() => undefined)
      reservedFile?.close().catch(() => undefined)
      open.clear()
    },
  }
}
