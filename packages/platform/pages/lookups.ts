import { PlatformError } from '../error.ts'
import { LOOKUPS, LOOKUPS_WAITING } from './limits.ts'

/** Lets few look-ups on the disk run at a time, however many pages are asked for; who asks for the same shares one. */
export interface Lookups<T> {
  /** @throws PlatformError `limit` when too many wait */
  share(key: string, look: () => Promise<T>): Promise<T>
}

export function createLookups<T>(): Lookups<T> {
  const shared = new Map<string, Promise<T>>()
  const waiting: (() => void)[] = []
  let running = 0

  async function run(look: () => Promise<T>): Promise<T> {
    if (running >= LOOKUPS) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await look()
    } finally {
      const next = waiting.shift()
      // Its place goes to the next one.
      if (next === undefined) running--
      else next()
    }
  }

  return {
    share(key, look) {
      const known = shared.get(key)
      if (known !== undefined) return known
      if (waiting.length >= LOOKUPS_WAITING)
        return Promise.reject(new PlatformError('limit', 'too many pages are asked for; try again'))
      const found = run(look).finally(() => shared.delete(key))
      shared.set(key, found)
      return found
    },
  }
}
