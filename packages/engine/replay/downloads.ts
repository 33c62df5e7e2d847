import { LRUCache } from 'lru-cache'
import { createLane } from '../store/lane.ts'
import type { SegmentStore } from '../store/port.ts'
import { type Download, planDownload } from './download.ts'
import { limits } from './limits.ts'

/** Plans of downloads, kept for the range requests that follow. */
export interface Downloads {
  /**
   * The plan of an asset as it is now.
   *
   * @param key of an earlier plan (it is its entity tag): the same bytes again if they are still known, so that a player
   *   that seeks in a growing broadcast stays in one file.
   * @throws EngineError `limit` when too many are being planned
   */
  get(assetId: string, key?: string): Promise<{ readonly download: Download; readonly key: string } | undefined>
}

/** @param maxBytes of plans kept, all assets together */
export function createDownloads(
  store: Pick<SegmentStore, 'index' | 'read' | 'parts'>,
  maxBytes: number = limits.planBytes,
): Downloads {
  const plans = new LRUCache<string, Download>({
    max: limits.plans,
    maxSize: maxBytes,
    // The cache drops what is larger than itself: each range of such a download would be planned anew.
    sizeCalculation: (download) => Math.min(maxBytes, Math.max(1, download.memory)),
  })
  const pending = new Map<string, Promise<Download | undefined>>()
  const lane = createLane(limits.planning, limits.planningQueue)

  return {
    async get(assetId, wanted) {
      const index = await store.index(assetId)
      if (index === undefined) return undefined
      const earlier = wanted?.startsWith(`${assetId}.`) === true ? plans.get(wanted) : undefined
      if (earlier !== undefined && wanted !== undefined) return { download: earlier, key: wanted }
      const [segments] = index.tracks.map((track) => track.segments)
      const [first, last] = [segments?.at(0)?.msn ?? 0, segments?.at(-1)?.msn ?? 0]
      // The same segments make the same file, also after a restart.
      const key = `${assetId}.${first}-${last}`
      let download = plans.get(key)
      if (download === undefined) {
        const planning =
          pending.get(key) ?? lane.run(() => planDownload(store, index)).finally(() => pending.delete(key))
        pending.set(key, planning)
        download = await planning
        if (download !== undefined) plans.set(key, download)
      }
      return download === undefined ? undefined : { download, key }
    },
  }
}
