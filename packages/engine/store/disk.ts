import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import { LRUCache } from 'lru-cache'
import { EngineError } from '../error.ts'
import type { Log } from '../ports.ts'
import {
  type AssetFiles,
  type AssetMemory,
  createMemory,
  type Span,
  shedRows,
  toIndex,
  totalBytes,
  touch,
} from './asset.ts'
import { createReadHandles } from './handles.ts'
import { nodeIo, type StoreIo } from './io.ts'
import { type JournalRecord, writeJournalRecord } from './journal.ts'
import { createLane } from './lane.ts'
import { laneIo } from './laned-io.ts'
import { STORE_LIMITS, type StoreLimits } from './limits.ts'
import { loadAsset, readJournal, scanAsset } from './load.ts'
import { locateParts, type Place } from './locate.ts'
import { checkAssetId, isAssetId, JOURNAL_NAME, spanName } from './names.ts'
import type { AssetIndex, SegmentStore, WriterState } from './port.ts'
import { RECORD_BYTES } from './record.ts'
import { chooseVictim, type RetentionLimits } from './retention.ts'
import { HUNG, LOW_SPACE } from './trouble.ts'
import { createWriter, type WriterTask } from './writer.ts'

export interface DiskStoreOptions {
  /** Folder of all assets; made when missing. */
  readonly root: string
  readonly log: Log
  readonly retention: RetentionLimits
  /** Unix milliseconds. */
  readonly now?: () => number
  /** A broadcast's recording stopped or resumed. */
  readonly onState?: (assetId: string, state: WriterState) => void
  /** Retention removed an asset altogether, or a broadcast that was not recorded ended. */
  readonly onRemoved?: (assetId: string) => void
  readonly io?: StoreIo
  readonly limits?: Partial<StoreLimits>
}

export interface DiskStore extends SegmentStore {
  /** Deletes what retention says, now; otherwise that happens by itself. */
  retain(): Promise<void>
}

/**
 * Keeps every broadcast's parts in files (layouts in `names.ts`, `record.ts`, `journal.ts`). At most one write and two
 * reads are with the disk at any time, over all broadcasts.
 */
export function createDiskStore(options: DiskStoreOptions): DiskStore {
  const { root, log, retention } = options
  const rawIo = options.io ?? nodeIo
  const now = options.now ?? Date.now
  const limits = { ...STORE_LIMITS, ...options.limits }
  const readIo = laneIo(rawIo, createLane(limits.readLanes, 2 * limits.readQueue))
  const writeLane = createLane(1, Number.POSITIVE_INFINITY)
  const load = { io: readIo, limits, log }
  const handles = createReadHandles(readIo, limits.readHandles, limits.readQueue)

  const catalogue = new Map<string, AssetFiles>()
  /** Indexes of broadcasts that have not ended. */
  const running = new Map<string, AssetMemory>()
  const tasks = new Map<string, WriterTask>()
  const loaded = new LRUCache<string, AssetMemory>({
    maxSize: limits.indexCacheBytes,
    sizeCalculation: (memory) => Math.max(1, memory.rows.memory + 8_000 * memory.epochs.length),
  })
  const loading = new Map<string, Promise<AssetMemory | undefined>>()

  let isPumping = false
  let isWoken = false
  let isClosed = false
  let isBlocked = false
  /** When the write that is with the disk was begun. */
  let writingSince: number | undefined
  let isHung = false

  function usage(): number {
    let bytes = 0
    for (const files of catalogue.values()) bytes += totalBytes(files)
    return bytes
  }

  /** The write lane: writes, and everything else that changes files. */
  function write<T>(task: () => Promise<T>): Promise<T> {
    return writeLane.run(async () => {
      writingSince = now()
      try {
        return await task()
      } finally {
        writingSince = undefined
        if (isHung) {
          isHung = false
          for (const other of tasks.values()) other.trouble(isBlocked ? LOW_SPACE : undefined)
        }
      }
    })
  }

  async function pump(): Promise<void> {
    if (isPumping) return
    isPumping = true
    try {
      for (let isBusy = true; isBusy; ) {
        isBusy = false
        // A task that ends or begins meanwhile is left out or met, as a map's own order has it.
        for (const task of tasks.values()) {
          if (!task.isDue(now())) continue
          isBusy = true
          await write(() => task.flush())
        }
      }
    } finally {
      isPumping = false
    }
  }

  function wake(): void {
    // Not at once: what comes within the same turn of the event loop is written together.
    if (isPumping || isWoken) return
    isWoken = true
    setImmediate(() => {
      isWoken = false
      void pump()
    })
  }

  const ticker = setInterval(() => {
    if (writingSince !== undefined && now() - writingSince >= limits.hungMs && !isHung) {
      isHung = true
      for (const task of tasks.values()) task.trouble(HUNG)
    }
    wake()
  }, limits.tickMs).unref()
  const keeper = setInterval(() => void retain(), limits.retentionMs).unref()

  function startTask(files: AssetFiles, memory: AssetMemory): WriterTask {
    const { assetId } = files
    const task: WriterTask = createWriter({
      io: rawIo,
      root,
      limits,
      log,
      now,
      files,
      memory,
      wake,
      isBlocked: () => isBlocked,
      // Running broadcasts can shed all but their newest spans: together those stay well below the limit.
      spanBytes: () => retention.maxBytes / (8 * Math.max(1, tasks.size)),
      onState: (state) => options.onState?.(assetId, state),
      finish: (how) => finish(task, how),
    })
    running.set(assetId, memory)
    tasks.set(assetId, task)
    return task
  }

  async function finish(task: WriterTask, how: 'end' | 'suspend'): Promise<void> {
    const { assetId, files, memory } = task
    const patience = new AbortController()
    const drained = drain(task, how, patience.signal).catch((error: unknown) => {
      log.error({ assetId, error: String(error) }, 'the end of a recording could not be written')
    })
    await Promise.race([drained, delay(limits.endMs, undefined, { signal: patience.signal }).catch(() => undefined)])
    patience.abort()
    task.abandon()
    if (tasks.get(assetId) !== task) return
    tasks.delete(assetId)
    // Also when the disk did not come back: the index is closed in memory, the next start finishes the rest.
    memory.assembler.finish()
    touch(memory)
    if (how === 'suspend') return
    files.ended = true
    running.delete(assetId)
    if (memory.recording) loaded.set(assetId, memory)
    else {
      await removeAsset(files).catch((error: unknown) => {
        log.warn({ assetId, error: String(error) }, 'files of a broadcast that was not recorded are left')
      })
      options.onRemoved?.(assetId)
    }
  }

  async function drain(task: WriterTask, how: 'end' | 'suspend', signal: AbortSignal): Promise<void> {
    while (!task.isIdle()) {
      await write(() => task.flush())
      if (signal.aborted) return
      // Whoever is due has more to write; whoever is not waits for a disk in trouble.
      if (!task.isIdle() && !task.isDue(now())) await delay(limits.retryMs / 4, undefined, { signal })
    }
    await write(() => task.seal(how))
  }

  async function memoryOf(files: AssetFiles): Promise<AssetMemory | undefined> {
    const { assetId } = files
    const known = running.get(assetId) ?? loaded.get(assetId)
    if (known !== undefined) return known
    let pending = loading.get(assetId)
    if (pending === undefined) {
      pending = loadEnded(files).finally(() => loading.delete(assetId))
      loading.set(assetId, pending)
    }
    return pending
  }

  async function loadEnded(files: AssetFiles): Promise<AssetMemory | undefined> {
    const memory = await loadAsset(load, files, await readJournal(load, files), false)
    if (memory === undefined || files.removed) return undefined
    const first = files.spans[0]?.firstMsn
    // Retention may have been at work while the files were read.
    if (first !== undefined && (memory.rows.row(0)?.msn ?? first) < first) shedRows(memory, first)
    loaded.set(files.assetId, memory)
    return memory
  }

  async function find(
    assetId: string,
    track: TrackId,
    firstPart: number,
    lastPart: number,
    withParts: boolean,
  ): Promise<{ readonly place: Place; readonly files: AssetFiles } | undefined> {
    const files = catalogue.get(assetId)
    const memory = files === undefined ? undefined : await memoryOf(files)
    if (files === undefined || memory === undefined) return undefined
    const readRecords = (span: Span, from: number, records: number) =>
      handles.read(
        join(files.folder, spanName(track, span.firstMsn, 'idx')),
        RECORD_BYTES * (1 + from),
        RECORD_BYTES * records,
      )
    const place = await locateParts(memory, files.spans, track, firstPart, lastPart, readRecords, withParts)
    return place === undefined ? undefined : { place, files }
  }

  async function listAssets(): Promise<readonly string[]> {
    try {
      await rawIo.mkdir(root)
      return await readIo.readdir(root)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
      throw new EngineError('data-folder', `the folder of recordings ${root} cannot be used (${code})`, {}, error)
    }
  }

  let retaining: Promise<void> | undefined
  function retain(): Promise<void> {
    retaining ??= shedAll()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'old recordings could not be deleted'))
      .finally(() => {
        retaining = undefined
      })
    return retaining
  }

  async function shedAll(): Promise<void> {
    let used = usage()
    let free = await write(() => rawIo.free(root)).catch(() => undefined)
    const next = () =>
      isClosed
        ? undefined
        : chooseVictim(retention, {
            assets: catalogue.values(),
            usage: used,
            free,
            now: now(),
            isHeld: (files, span) =>
              !files.ended &&
              (span === files.spans.at(-1) || tasks.get(files.assetId)?.isWriting(span.firstMsn) === true),
            windowMs: ({ assetId }) => (running.get(assetId)?.recording === false ? limits.windowMs : undefined),
          })
    for (let victim = next(); victim !== undefined; victim = next()) {
      const before = usage()
      await shed(victim.files, victim.span)
      const gained = before - usage()
      used -= gained
      if (free !== undefined) free += gained
    }
    const isLow = free !== undefined && free < retention.minFreeBytes
    if (isLow === isBlocked) return
    isBlocked = isLow
    for (const task of tasks.values()) task.trouble(isLow ? LOW_SPACE : undefined)
  }

  async function shed(files: AssetFiles, span: Span | undefined): Promise<void> {
    const next = files.spans[1]
    if (span === undefined || next === undefined) {
      log.info({ assetId: files.assetId }, 'recording removed by retention')
      await removeAsset(files)
      options.onRemoved?.(files.assetId)
      return
    }
    files.spans.shift()
    const memory = running.get(files.assetId) ?? loaded.peek(files.assetId)
    const counts = memory === undefined ? { segments: 0, discontinuities: 0 } : shedRows(memory, next.firstMsn)
    // Written down before anything is deleted, so that a crash in between leaves no half of a span.
    await note(files, { type: 'shed', msn: next.firstMsn, ...counts })
    for (const track of span.tracks) {
      for (const extension of ['idx', 'dat'] as const) {
        const path = join(files.folder, spanName(track, span.firstMsn, extension))
        handles.forget(path)
        await write(() => rawIo.unlink(path))
      }
    }
  }

  async function note(files: AssetFiles, record: JournalRecord): Promise<void> {
    const task = tasks.get(files.assetId)
    if (task !== undefined) {
      task.note(record)
      await write(() => task.flush())
      return
    }
    await write(async () => {
      const file = await rawIo.open(join(files.folder, JOURNAL_NAME), 'write')
      try {
        const bytes = writeJournalRecord(record)
        await file.write([bytes], files.journalBytes)
        files.journalBytes += bytes.byteLength
      } finally {
        await file.close()
      }
    }).catch((error: unknown) => log.warn({ assetId: files.assetId, error: String(error) }, 'journal not written'))
  }

  async function removeAsset(files: AssetFiles): Promise<void> {
    const { assetId, folder } = files
    files.removed = true
    files.spans.length = 0
    catalogue.delete(assetId)
    running.delete(assetId)
    loaded.delete(assetId)
    const names = await write(() => rawIo.readdir(folder))
    // The journal last: what an interruption leaves behind is an asset without parts, and retention removes those.
    for (const name of [...names].sort((a, b) => Number(a === JOURNAL_NAME) - Number(b === JOURNAL_NAME))) {
      handles.forget(join(folder, name))
      await write(() => rawIo.unlink(join(folder, name)))
    }
    await write(() => rawIo.rmdir(folder))
  }

  return {
    create(assetId, timing, { recording = true } = {}) {
      checkAssetId(assetId)
      if (catalogue.has(assetId)) throw new EngineError('bad-request', 'asset exists already', { assetId })
      const begin: JournalRecord = { type: 'begin', timing, recording, at: Math.round(now()) }
      const memory = createMemory([begin], limits.laggingSegments) as AssetMemory
      const files: AssetFiles = {
        assetId,
        folder: join(root, assetId),
        spans: [],
        journalBytes: 0,
        ended: false,
        removed: false,
      }
      catalogue.set(assetId, files)
      const task = startTask(files, memory)
      task.note(begin)
      return task.writer
    },

    resume(assetId) {
      const files = catalogue.get(assetId)
      const memory = running.get(assetId)
      if (files === undefined || memory === undefined || tasks.has(assetId)) {
        throw new EngineError('not-found', 'no broadcast to go on with', { assetId })
      }
      return startTask(files, memory).writer
    },

    async recover() {
      const found: AssetIndex[] = []
      for (const assetId of await listAssets()) {
        if (!isAssetId(assetId) || catalogue.has(assetId)) continue
        try {
          const { files, journal } = await scanAsset(load, root, assetId)
          if (!files.ended) {
            const memory = await loadAsset(load, files, journal, true)
            // Without a journal nobody can go on with it: retention removes it in its turn.
            if (memory === undefined) files.ended = true
            else running.set(assetId, memory)
            if (memory !== undefined) found.push(toIndex(files, memory))
            memory?.recent.clear()
          }
          catalogue.set(assetId, files)
        } catch (error) {
          log.error({ assetId, error: String(error) }, 'asset cannot be read')
        }
      }
      return found
    },

    async index(assetId) {
      const files = catalogue.get(assetId)
      if (files === undefined) return undefined
      const memory = await memoryOf(files)
      return memory === undefined || files.removed ? undefined : toIndex(files, memory)
    },

    async read(assetId, track, firstPart, lastPart, range) {
      const found = await find(assetId, track, firstPart, lastPart, false)
      if (found === undefined || found.files.removed) return undefined
      const { place, files } = found
      const from = Math.max(0, range?.from ?? 0)
      const length = Math.min(place.length, range?.to ?? place.length) - from
      if (length < 0) return undefined
      return handles.read(join(files.folder, spanName(track, place.span.firstMsn, 'dat')), place.offset + from, length)
    },

    async parts(assetId, track, firstPart, lastPart) {
      const place = (await find(assetId, track, firstPart, lastPart, true))?.place
      return place?.parts?.map(({ number, offset, length }) => ({ number, offset: offset - place.offset, length }))
    },

    async remove(assetId) {
      const files = catalogue.get(assetId)
      if (files === undefined) return
      tasks.get(assetId)?.abandon()
      tasks.delete(assetId)
      await removeAsset(files)
    },

    usage,
    retain,

    async close() {
      isClosed = true
      clearInterval(keeper)
      await Promise.all([...tasks.values()].map((task) => task.writer.suspend()))
      clearInterval(ticker)
      handles.clear()
    },
  }
}
