import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { PlatformError } from '../error.ts'
import { IMAGE_TYPES, type ImageKind } from './image.ts'
import { IMAGE_CACHE } from './limits.ts'

/** Offline images in a folder, a file each; names follow from the bytes, so that a name never changes what it means. */
export interface Images {
  /** @returns the file name */
  put(channelId: string, kind: ImageKind, bytes: Uint8Array): Promise<string>
  get(channelId: string, name: string): Promise<Buffer | undefined>
  remove(channelId: string, name: string): Promise<void>
}

/** Media type of a file name as `put` returns it. */
export function imageType(name: string): string {
  return IMAGE_TYPES[name.slice(name.lastIndexOf('.') + 1) as ImageKind] ?? 'application/octet-stream'
}

export function createImages(folder: string): Images {
  const cache = new LRUCache<string, Buffer>({ maxSize: IMAGE_CACHE, sizeCalculation: (bytes) => bytes.length + 1 })
  const pathOf = (channelId: string, name: string) => join(folder, `${channelId}.${name}`)
  return {
    async put(channelId, kind, bytes) {
      const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.${kind}`
      const path = pathOf(channelId, name)
      try {
        await mkdir(folder, { recursive: true })
        await writeFile(`${path}.new`, bytes)
        await rename(`${path}.new`, path)
      } catch (cause) {
        throw new PlatformError('disk', 'an image could not be written', {}, cause)
      }
      return name
    },
    async get(channelId, name) {
      const path = pathOf(channelId, name)
      const cached = cache.get(path)
      if (cached) return cached
      try {
        const bytes = await readFile(path)
        cache.set(path, bytes)
        return bytes
      } catch {
        return undefined
      }
    },
    async remove(channelId, name) {
      const path = pathOf(channelId, name)
      cache.delete(path)
      await rm(path, { force: true }).catch(() => {})
    },
  }
}
