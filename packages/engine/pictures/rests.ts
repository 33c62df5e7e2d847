import { LRUCache } from 'lru-cache'
import { PICTURE_LIMITS } from './limits.ts'

/** Whoever's picture failed is left alone for a while, twice as long each time: others wait behind it. */
export interface Rests {
  isResting(assetId: string): boolean
  failed(assetId: string): void
  worked(assetId: string): void
}

/** @param now milliseconds of a steady clock. */
export function createRests(now: () => number): Rests {
  const resting = new LRUCache<string, { readonly until: number; readonly length: number }>({
    max: PICTURE_LIMITS.kept,
  })
  return {
    isResting: (assetId) => now() < (resting.get(assetId)?.until ?? Number.NEGATIVE_INFINITY),
    failed(assetId) {
      const before = resting.get(assetId)?.length
      const length = before === undefined ? PICTURE_LIMITS.fresh : Math.min(before * 2, PICTURE_LIMITS.longestRest)
      resting.set(assetId, { until: now() + length, length })
    },
    worked: (assetId) => void resting.delete(assetId),
  }
}
