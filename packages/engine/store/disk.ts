import { join } from 'node:path'
import { EngineError } from '../error.ts'
import type { Log } from '../ports.ts'
import { type AssetFiles, type AssetMemory, createMemory, firstOfNewest, toIndex } from './asset.ts'
import { createCatalogue } from './catalogue.ts'
import { endTask } from './ending.ts'
import { createReadHandles } from './handles.ts'
import { nodeIo, type StoreIo } from './io.ts'
import type { JournalRecord } from './journal.ts'
import { createLane } from './lane.ts'
import { laneIo } from './laned-io.ts'
import { STORE_LIMITS, type StoreLimits } from './limits.ts'
import { checkAssetId } from './names.ts'
import type { SegmentStore, WriterState } from './port.ts'
import { createReading } from './reading.ts'
import type { RetentionLimits } from './retention.ts'
import { createShedding } from './shedding.ts'
import { createWriter, type WriterTask } from './writer.ts'
import { createWriting } from './writing.ts'

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
  /**
   * The disk did not let the asset be looked at: what is not known of it now, `index` and `recover` leaving it out, may be
   * known later, when it has been looked at again.
   */
  isUnreadable(assetId: string): boolean
  /** Recordings that have ended, oldest first; resolves when all were looked at. */
  ended(): Promise<readonly string[]>
}

/**
 * Keeps every broadcast's parts in files (layouts in `names.ts`, `record.ts`, `journal.ts`). At most one write and two
 * reads are with the disk at any time, over all broadcasts.
 */
export function createDiskStore(options: DiskStoreOptions): DiskStore {
  const { root, log, retention } = options
  const io = options.io ?? nodeIo
  const now = options.now ?? Date.now
  const limits = { ...STORE_LIMITS, ...options.limits }
  const readIo = laneIo(io, createLane(limits.readLanes, 2 * limits.readQueue))
  const writing = createWriting({ limits, now, log })
  const handles = createReadHandles(readIo, limits.readHandles, limits.readQueue)
  const catalogue = createCatalogue({ io: readIo, root, limits, log })
  const reading = createReading(catalogue, handles)
  const onRemoved = (assetId: string) => options.onRemoved?.(assetId)
  const shedding = createShedding({
    io,
    root,
    limits,
    retention,
    now,
    log,
    catalogue,
    writing,
    handles,
    onRemoved,
    complete: () => complete(),
  })
  const keeper = setInterval(() => void shedding.retain(), limits.retentionMs).unref()
  let completer: NodeJS.Timeout | undefined
  let again: NodeJS.Timeout | undefined
  let isClosed = false

  function start(files: AssetFiles, memory: AssetMemory): WriterTask {
    const { assetId } = files
    const task: WriterTask = createWriter({
      io,
      root,
      limits,
      log,
      now,
      files,
      memory,
      read: reading.read,
      wake: writing.wake,
      isBlocked: () => writing.isBlocked,
      // Running broadcasts can shed all but what live playlists list and their newest spans: these stay well below the limit.
      spanBytes: () => shedding.capacity / (8 * Math.max(1, writing.tasks.size)),
      wrote: shedding.wrote,
      onState: (state) => options.onState?.(assetId, state),
      finish: (how) => finish(task, how),
    })
    writing.tasks.set(assetId, task)
    return task
  }

  async function finish(task: WriterTask, how: 'end' | 'suspend'): Promise<void> {
    const { assetId, files, memory } = task
    await endTask(task, how, { writing, limits, now, log })
    if (writing.tasks.get(assetId) !== task) return
    writing.tasks.delete(assetId)
    if (how === 'suspend') return
    files.state = 'ended'
    files.endedAt = now()
    files.listed = {
      from: firstOfNewest(memory, limits.windowMs),
      until: performance.now() + limits.endedWindowMs,
    }
    catalogue.retire(assetId)
    if (memory.recording) return
    await shedding.remove(files).catch((error: unknown) => {
      log.warn({ assetId, error: String(error) }, 'files of a broadcast that was not recorded are left')
    })
    onRemoved(assetId)
  }

  function resume(files: AssetFiles | undefined): WriterTask {
    const memory = files === undefined ? undefined : catalogue.running(files.assetId)
    if (files === undefined || memory === undefined || writing.tasks.has(files.assetId)) {
      throw new EngineError('not-found', 'no broadcast to go on with')
    }
    return start(files, memory)
  }

  async function finishAll(orphans: readonly AssetFiles[]): Promise<void> {
    for (const files of orphans) {
      log.warn({ assetId: files.assetId }, 'a recording of no known broadcast is finished')
      await resume(files).writer.end()
    }
  }

  /**
   * A disk or a mount may come late. What had not ended was left where it was: its encoder has gone on to another broadcast, so
   * it is ended now.
   */
  function lookAgainLater(afterMs: number): void {
    again = setTimeout(async () => {
      try {
        await finishAll((await catalogue.lookAgain()).filter(({ state }) => state === 'open'))
      } catch (error) {
        log.error({ error: String(error) }, 'recordings could not be looked at again')
      }
      if (!isClosed) lookAgainLater(Math.min(2 * afterMs, limits.lookAgainMostMs))
    }, afterMs).unref()
  }

  let completing: Promise<void> | undefined
  /** Looks at the assets that a start left out. What turns out not to have ended has lost its mark: it is ended now. */
  function complete(): Promise<void> {
    completing ??= catalogue
      .complete()
      .then(finishAll)
      .catch((error: unknown) => log.error({ error: String(error) }, 'not all recordings could be looked at'))
    return completing
  }

  return {
    create(assetId, timing, { recording = true, channelId } = {}) {
      checkAssetId(assetId)
      if (catalogue.has(assetId)) throw new EngineError('bad-request', 'asset exists already', { assetId })
      const at = Math.round(now())
      const begin: JournalRecord = {
        type: 'begin',
        timing,
        recording,
        at,
        ...(channelId !== undefined && { channelId }),
      }
      const memory = createMemory([begin], limits.laggingSegments) as AssetMemory
      const folder = join(root, assetId)
      const files: AssetFiles = { assetId, folder, spans: [], journalBytes: 0, state: 'open', removed: false }
      catalogue.add(files, memory)
      const task = start(files, memory)
      task.note(begin)
      return task.writer
    },

    resume: (assetId) => resume(catalogue.get(assetId)).writer,

    async recover() {
      const found = await catalogue.recover()
      // From then on what is written is counted.
      completer = setTimeout(() => void shedding.retain(), limits.scanDelayMs).unref()
      lookAgainLater(limits.lookAgainMs)
      return found
    },

    async index(assetId) {
      const files = await catalogue.find(assetId)
      if (files === undefined || files.removed) return undefined
      const memory = await catalogue.memoryOf(files)
      // Deleted meanwhile.
      if (memory === undefined || files.removed) return undefined
      return toIndex(files, memory)
    },

    ...reading,

    async remove(assetId) {
      const files = await catalogue.find(assetId)
      if (files === undefined) return
      writing.tasks.get(assetId)?.abandon()
      writing.tasks.delete(assetId)
      await shedding.remove(files)
    },

    usage: catalogue.usage,
    retain: shedding.retain,
    async ended() {
      await complete()
      const found = [...catalogue.known].filter(({ state, removed }) => state === 'ended' && !removed)
      return found.map(({ assetId }) => assetId).sort()
    },
    isUnreadable: (assetId) => catalogue.get(assetId)?.state === 'unreadable',

    async close() {
      clearInterval(keeper)
      clearTimeout(completer)
      clearTimeout(again)
      isClosed = true
      catalogue.close()
      shedding.close()
      await Promise.all([...writing.tasks.values()].map((task) => task.writer.suspend()))
      writing.close()
      handles.clear()
    },
  }
}
