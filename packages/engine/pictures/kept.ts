import { LRUCache } from 'lru-cache'
import { PICTURE_LIMITS } from './limits.ts'
import type { Picture } from './picture.ts'

/** Pictures in memory, or that there is none; bounded in number and bytes. */
export interface KeptPictures<E extends { readonly picture: Picture | undefined }> {
  get(key: string): E | undefined
  /** @param group what is forgotten together; keeps nothing of one that was: it was still being made then */
  set(group: string, key: string, entry: E): void
  /** What it is of was deleted, and does not come again. */
  forget(group: string): void
  isForgotten(group: string): boolean
}

export function createKeptPictures<E extends { readonly picture: Picture | undefined }>(): KeptPictures<E> {
  const kept = new LRUCache<string, { readonly group: string; readonly entry: E }>({
    max: PICTURE_LIMITS.kept,
    maxSize: PICTURE_LIMITS.keptBytes,
    sizeCalculation: ({ entry }) => 200 + (entry.picture?.bytes.byteLength ?? 0),
  })
  const forgotten = new LRUCache<string, true>({ max: PICTURE_LIMITS.kept })
  return {
    get: (key) => kept.get(key)?.entry,
    set(group, key, entry) {
      if (!forgotten.has(group)) kept.set(key, { group, entry })
    },
    forget(group) {
      forgotten.set(group, true)
      for (const [key, value] of kept.entries()) if (value.group === group) kept.delete(key)
    },
    isForgotten: (group) => forgotten.has(group),
  }
}
