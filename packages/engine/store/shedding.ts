import { join } from 'node:path'
import type { Log } from '../ports.ts'
import { type AssetFiles, countBefore, firstOfNewest, type Span, shedRows } from './asset.ts'
import type { Catalogue } from './catalogue.ts'
import type { ReadHandles } from './handles.ts'
import type { StoreIo } from './io.ts'
import { type JournalRecord, writeJournalRecord } from './journal.ts'
import type { StoreLimits } from './limits.ts'
import { dataName, indexName, JOURNAL_NAME } from './names.ts'
import { chooseVictim, type RetentionLimits } from './retention.ts'
import { createRoom } from './room.ts'
import { unmarkRunning } from './running.ts'
import type { Writing } from './writing.ts'

/** Deletes recordings, by retention and by name. */
export interface Shedding {
  /**
   * Deletes the oldest as long as a limit is exceeded, but nothing that live playlists list. Where that leaves too little
   * free on the disk, recording stops. Never throws.
   */
  retain(): Promise<void>
  /** Counts bytes that were written; retains when they were too many. */
  wrote(bytes: number): void
  /** Bytes that all recordings together can come to: by the limit, or by what else is on the disk. */
  readonly capacity: number
  /** Deletes a whole asset; nothing is read from it any more. @throws what the disk says; then its bytes still count */
  remove(files: AssetFiles): Promise<void>
  close(): void
}

export interface SheddingOptions {
  readonly io: StoreIo
  readonly root: string
  readonly limits: StoreLimits
  readonly retention: RetentionLimits
  readonly now: () => number
  readonly log: Log
  readonly catalogue: Catalogue
  readonly writing: Writing
  readonly handles: ReadHandles
  /** Resolves when all assets are in the catalogue: the oldest is not known before. */
  readonly complete: () => Promise<void>
  readonly onRemoved: (assetId: string) => void
}

export function createShedding(options: SheddingOptions): Shedding {
  const { io, root, limits, retention, now, log, catalogue, writing, handles } = options
  /** Being deleted now. */
  const going = new Set<AssetFiles>()
  const room = createRoom(retention)
  let retaining: Promise<void> | undefined
  let isClosed = false

  async function shedAll(): Promise<void> {
    await options.complete()
    let used = catalogue.usage()
    let free = await writing.run(() => io.free(root)).catch(() => undefined)
    /** Those that the disk does not let go of, for this time. */
    const stuck = new Set<AssetFiles>()
    const isHeld = (files: AssetFiles, span: Span | undefined) =>
      stuck.has(files) ||
      going.has(files) ||
      (files.state === 'open' &&
        (span === files.spans.at(-1) || writing.tasks.get(files.assetId)?.isWriting(span?.firstMsn ?? -1) === true)) ||
      (span !== undefined && isListed(files, span))
    const windowMs = ({ assetId }: AssetFiles) =>
      catalogue.running(assetId)?.recording === false ? limits.windowMs : undefined
    const next = () => {
      const view = { assets: catalogue.known, usage: used, free, now: now(), isHeld, windowMs }
      return isClosed ? undefined : chooseVictim(retention, view)
    }
    for (let victim = next(); victim !== undefined; victim = next()) {
      const { files, span } = victim
      const before = catalogue.usage()
      try {
        await shed(files, span)
      } catch (error) {
        stuck.add(files)
        log.warn({ assetId: files.assetId, error: String(error) }, 'an old recording could not be deleted')
      }
      const gained = before - catalogue.usage()
      used -= gained
      if (free !== undefined) free += gained
    }
    room.measured(catalogue.usage(), free)
    writing.block(free !== undefined && free < retention.minFreeBytes)
  }

  /** Whether live playlists may list something of an asset's oldest span: it would answer 404 once it has left memory. */
  function isListed(files: AssetFiles, span: Span): boolean {
    if (files.removed) return false
    const reaches = (from: number) => (files.spans[1]?.firstMsn ?? Number.POSITIVE_INFINITY) > from
    const memory = catalogue.running(files.assetId)
    if (memory === undefined) {
      const { listed } = files
      return listed !== undefined && performance.now() < listed.until && reaches(listed.from)
    }
    // Of what is not recorded playlists list nothing but what is in memory.
    if (!memory.recording) return false
    if (!writing.isBlocked) return reaches(firstOfNewest(memory, limits.windowMs))
    // Neither since recording stopped for want of space. Who read a playlist before that has its time; then it makes room.
    const age = now() - span.newest
    return age >= 0 && age < limits.windowMs
  }

  async function shed(files: AssetFiles, span: Span | undefined): Promise<void> {
    const next = files.spans[1]
    if (span === undefined || next === undefined || files.removed) {
      await remove(files)
      log.info({ assetId: files.assetId }, 'recording removed by retention')
      options.onRemoved(files.assetId)
      return
    }
    // Read where it is not in memory: what an earlier shedding counted must not be written over with less. An index that
    // cannot be read makes no playlists that could count on.
    const memory = await catalogue.memoryOf(files).catch(() => undefined)
    if (files.removed) return
    const counts = memory === undefined ? { segments: 0, discontinuities: 0 } : countBefore(memory, next.firstMsn)
    const record: JournalRecord = { type: 'shed', msn: next.firstMsn, ...counts }
    // Written down before anything is deleted, so that a crash in between leaves no half of a span.
    const isNoted = await note(files, record).then(() => true, unlessFull)
    files.spans.shift()
    if (memory !== undefined) shedRows(memory, next.firstMsn)
    for (const track of span.tracks) await unlink(join(files.folder, dataName(track, span.firstMsn)))
    await unlink(join(files.folder, indexName(span.firstMsn)))
    if (!isNoted) await note(files, record)
  }

  async function unlink(path: string): Promise<void> {
    handles.forget(path)
    await writing.run(() => io.unlink(path))
  }

  /** @throws what the disk says */
  async function note(files: AssetFiles, record: JournalRecord): Promise<void> {
    await writing.run(async () => {
      const task = writing.tasks.get(files.assetId)
      if (task !== undefined) return task.append(record)
      const file = await io.open(join(files.folder, JOURNAL_NAME), 'write')
      try {
        const bytes = writeJournalRecord(record)
        await file.write([bytes], files.journalBytes)
        await file.sync()
        files.journalBytes += bytes.byteLength
      } finally {
        await file.close()
      }
    })
  }

  async function remove(files: AssetFiles): Promise<void> {
    files.removed = true
    catalogue.forget(files.assetId, 'index')
    going.add(files)
    try {
      await removeFiles(files)
    } finally {
      going.delete(files)
    }
    catalogue.forget(files.assetId, 'files')
  }

  async function removeFiles({ assetId, folder }: AssetFiles): Promise<void> {
    const names = await writing.run(() => io.readdir(folder))
    // The journal last: what an interruption leaves behind is an asset without parts, and retention removes those.
    for (const name of [...names].sort((a, b) => Number(a === JOURNAL_NAME) - Number(b === JOURNAL_NAME))) {
      await unlink(join(folder, name))
    }
    await writing.run(() => io.rmdir(folder))
    await writing.run(() => unmarkRunning(io, root, assetId))
  }

  function retain(): Promise<void> {
    retaining ??= shedAll()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'old recordings could not be deleted'))
      .finally(() => {
        retaining = undefined
      })
    return retaining
  }

  return {
    retain,
    wrote(bytes) {
      if (room.take(bytes) && !isClosed) void retain()
    },
    get capacity() {
      return room.capacity
    },
    remove,
    close() {
      isClosed = true
    },
  }
}

/** A full disk or quota may not even take a note: then deleting comes first, for it makes the room. @throws any other error */
function unlessFull(error: unknown): false {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
  return false
}
