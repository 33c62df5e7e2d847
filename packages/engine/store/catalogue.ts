import { LRUCache } from 'lru-cache'
import { EngineError } from '../error.ts'
import { type AssetFiles, type AssetMemory, shedRows, takeRecovered, totalBytes } from './asset.ts'
import { whyUnusable } from './folder.ts'
import { loadAsset } from './load.ts'
import { isAssetId } from './names.ts'
import type { AssetIndex } from './port.ts'
import { readRunning, unmarkRunning } from './running.ts'
import { measureUnreadable, readJournal, type ScanOptions, scanAsset } from './scan.ts'

/** Every asset of a store, and the indexes that are in memory. */
export interface Catalogue {
  /** Looks at the assets that may not have ended and gives their indexes; at all others later. @throws EngineError `data-folder` */
  recover(): Promise<readonly AssetIndex[]>
  /** Looks at what is left, one asset at a time. Gives those that turned out not to have ended and that nobody asked for. */
  complete(): Promise<readonly AssetFiles[]>
  /** Looks again at those that the disk did not let be looked at, one at a time. Gives those that can be read now. */
  lookAgain(): Promise<readonly AssetFiles[]>
  /** The asset's files, looked at when nobody has before. */
  find(assetId: string): Promise<AssetFiles | undefined>
  /** The same only when it was looked at. */
  get(assetId: string): AssetFiles | undefined
  has(assetId: string): boolean
  add(files: AssetFiles, memory: AssetMemory): void
  /** Index of an asset, read from its files when it is not in memory. */
  memoryOf(files: AssetFiles): Promise<AssetMemory | undefined>
  /** The same only when it is in memory. */
  peek(assetId: string): AssetMemory | undefined
  /** Index of a broadcast that has not ended. */
  running(assetId: string): AssetMemory | undefined
  /** A broadcast has ended; its index stays in memory while there is room, where it was recorded. */
  retire(assetId: string): void
  /** Forgets an asset that is being deleted: its index at once, its bytes when `files` are gone. */
  forget(assetId: string, what: 'index' | 'files'): void
  /** Those looked at so far. */
  readonly known: Iterable<AssetFiles>
  /** Bytes of those looked at so far. */
  usage(): number
  close(): void
}

export function createCatalogue(options: ScanOptions & { readonly root: string }): Catalogue {
  const { io, root, limits, log } = options
  const assets = new Map<string, AssetFiles>()
  /** Not looked at yet. */
  const unseen = new Set<string>()
  const looking = new Map<string, Promise<AssetFiles>>()
  /** Indexes of broadcasts that have not ended, and those of them that somebody asked for. */
  const open = new Map<string, AssetMemory>()
  const asked = new Set<string>()
  const loaded = new LRUCache<string, AssetMemory>({
    maxSize: limits.indexCacheBytes,
    // The cache drops what is larger than itself: each request of such a recording would read all of its index anew.
    sizeCalculation: ({ rows, epochs }) =>
      Math.min(limits.indexCacheBytes, Math.max(1, rows.memory + 1_000 * epochs.length)),
  })
  const loading = new Map<string, Promise<AssetMemory | undefined>>()
  let isClosed = false

  function look(assetId: string): Promise<AssetFiles> {
    let pending = looking.get(assetId)
    if (pending === undefined) {
      pending = lookAt(assetId).finally(() => looking.delete(assetId))
      looking.set(assetId, pending)
    }
    return pending
  }

  async function lookAt(assetId: string): Promise<AssetFiles> {
    /** What an earlier look could not read. */
    const before = assets.get(assetId)
    let files: AssetFiles
    let memory: AssetMemory | undefined
    try {
      const scanned = await scanAsset(options, root, assetId)
      files = scanned.files
      if (files.state === 'open') {
        memory = await loadAsset(options, files, scanned.journal, true)
        if (memory === undefined) files.state = 'nameless'
      }
    } catch (error) {
      // Said once.
      files = before ?? (await measureUnreadable(options, root, assetId, error))
    }
    // Deleted meanwhile.
    if (before?.removed === true) return before
    if (memory !== undefined) open.set(assetId, memory)
    assets.set(assetId, files)
    unseen.delete(assetId)
    return files
  }

  async function list(): Promise<readonly string[]> {
    try {
      await io.mkdir(root)
      return (await io.readdir(root)).filter((name) => isAssetId(name) && !assets.has(name))
    } catch (error) {
      throw new EngineError(
        'data-folder',
        `the folder of recordings ${root} cannot be used: ${whyUnusable(error)}`,
        {},
        error,
      )
    }
  }

  async function load(files: AssetFiles): Promise<AssetMemory | undefined> {
    const { records } = await readJournal(options, files.folder)
    const memory = await loadAsset(options, files, records, false)
    if (memory === undefined || files.removed) return undefined
    const first = files.spans[0]?.firstMsn
    // Retention may have been at work while the files were read.
    if (first !== undefined && (memory.rows.row(0)?.msn ?? first) < first) shedRows(memory, first)
    loaded.set(files.assetId, memory)
    return memory
  }

  return {
    async recover() {
      const names = await list()
      for (const name of names) unseen.add(name)
      const marked = await readRunning(io, root).catch((error: unknown) => {
        log.warn(
          { error: String(error) },
          'it is not known which broadcasts were running: every recording is looked at',
        )
        return undefined
      })
      const found: AssetIndex[] = []
      for (const assetId of marked ?? names) {
        const files = unseen.has(assetId) ? await look(assetId) : undefined
        const memory = open.get(assetId)
        if (files !== undefined && memory !== undefined) {
          found.push(takeRecovered(files, memory))
          asked.add(assetId)
        } else if (marked !== undefined && files?.state !== 'unreadable') {
          // Killed just before the mark was taken away, or before there was anything but the mark.
          await unmarkRunning(io, root, assetId).catch(() => undefined)
        }
      }
      return found
    },

    async complete() {
      const orphans: AssetFiles[] = []
      for (const assetId of unseen) {
        if (isClosed) break
        const files = await look(assetId)
        if (open.has(assetId) && !asked.has(assetId)) orphans.push(files)
      }
      return orphans
    },

    async lookAgain() {
      const found: AssetFiles[] = []
      for (const { assetId, state } of [...assets.values()]) {
        if (isClosed) break
        if (state !== 'unreadable' || assets.get(assetId)?.removed !== false) continue
        const files = await look(assetId)
        if (files.state === 'unreadable' || files.removed) continue
        log.info({ assetId }, 'a recording that could not be read can be read now')
        found.push(files)
      }
      return found
    },

    async find(assetId) {
      if (!unseen.has(assetId)) return assets.get(assetId)
      asked.add(assetId)
      return look(assetId)
    },
    get: (assetId) => assets.get(assetId),
    has: (assetId) => assets.has(assetId) || unseen.has(assetId),
    add(files, memory) {
      assets.set(files.assetId, files)
      open.set(files.assetId, memory)
    },

    async memoryOf(files) {
      const { assetId } = files
      if (files.state === 'unreadable' || files.removed) return undefined
      const known = open.get(assetId) ?? loaded.get(assetId)
      if (known !== undefined) return known
      let pending = loading.get(assetId)
      if (pending === undefined) {
        pending = load(files).finally(() => loading.delete(assetId))
        loading.set(assetId, pending)
      }
      return pending
    },
    peek: (assetId) => open.get(assetId) ?? loaded.peek(assetId),
    running: (assetId) => open.get(assetId),
    retire(assetId) {
      const memory = open.get(assetId)
      open.delete(assetId)
      if (memory?.recording === true) loaded.set(assetId, memory)
    },
    forget(assetId, what) {
      open.delete(assetId)
      loaded.delete(assetId)
      if (what === 'files') assets.delete(assetId)
    },
    get known() {
      return assets.values()
    },
    usage() {
      let bytes = 0
      for (const files of assets.values()) bytes += totalBytes(files)
      return bytes
    },
    close() {
      isClosed = true
    },
  }
}
