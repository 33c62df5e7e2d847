import { LRUCache } from 'lru-cache'
import { EngineError } from '../error.ts'
import type { StoreFile, StoreIo } from './io.ts'

/** Open files of readers, bounded. A file that is being read is closed only when the read is over. */
export interface ReadHandles {
  /** Bytes at a place, or `undefined` when the file is gone or shorter. @throws other errors of the disk */
  read(path: string, position: number, length: number): Promise<Uint8Array | undefined>
  /** Closes the file, so that a deleted one gives its space back. */
  forget(path: string): void
  clear(): void
}

interface Handle {
  readonly file: Promise<StoreFile>
  users: number
  isEvicted: boolean
}

/** @param readers how many may read or wait at a time; beyond it `read` throws EngineError `limit`. */
export function createReadHandles(io: StoreIo, limit: number, readers: number): ReadHandles {
  let reading = 0
  const cache = new LRUCache<string, Handle>({
    max: limit,
    dispose(handle) {
      handle.isEvicted = true
      if (handle.users === 0) close(handle)
    },
  })

  async function read(path: string, position: number, length: number): Promise<Uint8Array | undefined> {
    if (reading >= readers) throw new EngineError('limit', 'too many reads wait for the disk', { reading })
    let handle = cache.get(path)
    if (handle === undefined) {
      handle = { file: io.open(path, 'read'), users: 0, isEvicted: false }
      cache.set(path, handle)
    }
    handle.users++
    reading++
    try {
      const file = await handle.file
      // Not from Buffer's pool: whoever keeps a small slice would keep the pool.
      const bytes = new Uint8Array(length)
      return (await file.read(bytes, position)) === length ? bytes : undefined
    } catch (error) {
      if (cache.peek(path) === handle) cache.delete(path)
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    } finally {
      handle.users--
      reading--
      if (handle.isEvicted && handle.users === 0) close(handle)
    }
  }

  return { read, forget: (path) => void cache.delete(path), clear: () => cache.clear() }
}

function close(handle: Handle): void {
  handle.file.then((file) => file.close()).catch(() => undefined)
}
