import { LRUCache } from 'lru-cache'
import type { SegmentStore } from '../store/port.ts'
import { sheetArguments } from './arguments.ts'
import { createKeptPictures } from './kept.ts'
import { createPictureLane, isFull } from './lane.ts'
import { PICTURE_LIMITS } from './limits.ts'
import type { Picture } from './picture.ts'
import type { Rests } from './rests.ts'
import { readSheet } from './sheet.ts'
import { planStoryboard, type Sheet, type SheetName, type Storyboard } from './storyboard-plan.ts'

export interface StoryboardsOptions {
  readonly store: Pick<SegmentStore, 'index' | 'read'>
  readonly rests: Rests
  /** Milliseconds of any steady clock. */
  readonly now: () => number
  /** Runs ffmpeg when its turn comes. */
  readonly draw: (key: string, args: readonly string[], input: readonly Uint8Array[]) => Promise<Picture>
  readonly onFailure: (key: string, error: unknown) => void
}

/** As `Pictures` has them. */
export interface Storyboards {
  storyboard(assetId: string): Promise<Storyboard | undefined>
  sheet(assetId: string, name: SheetName): Promise<Picture | undefined>
  forget(assetId: string): void
}

interface Plan {
  readonly made: Promise<Storyboard | undefined>
  readonly madeAt: number
}

interface Kept {
  readonly picture: Picture | undefined
  readonly madeAt: number
}

/** Sheets that a growing recording may have had with fewer pictures while somebody read its storyboard. */
const GROWING = 2

export function createStoryboards({ store, rests, now, draw, onFailure }: StoryboardsOptions): Storyboards {
  /** The disk is asked here, a sheet at a time: one that hangs does not hold up the pictures of what is live. */
  const lane = createPictureLane()
  /** A long recording has many thousand segments to choose from. */
  const plans = new LRUCache<string, Plan>({ max: PICTURE_LIMITS.plans })
  /** Not among the others: a recording has many. */
  const kept = createKeptPictures<Kept>()

  function planOf(assetId: string, interval?: number): Promise<Storyboard | undefined> {
    const key = `${assetId} ${interval ?? ''}`
    const known = plans.get(key)
    if (known !== undefined && now() - known.madeAt < PICTURE_LIMITS.fresh) return known.made
    const made = store.index(assetId).then((index) => index && planStoryboard(index, interval))
    plans.set(key, { made, madeAt: now() })
    made.catch(() => plans.delete(key))
    return made
  }

  /** Only what a storyboard can have named not long ago: names are cheap, sheets are not. */
  async function find(assetId: string, { interval, part, count }: SheetName): Promise<Sheet | undefined> {
    const own = await planOf(assetId)
    if (own === undefined || interval > own.interval * 2 || interval < own.interval / 2) return undefined
    const { sheets } = interval === own.interval ? own : ((await planOf(assetId, interval)) ?? own)
    const at = sheets.findIndex(({ tiles }) => tiles[0]?.part === part)
    const sheet = sheets[at]
    if (sheet === undefined || count > sheet.tiles.length) return undefined
    const isNamed = count === sheet.tiles.length || at >= sheets.length - GROWING
    return isNamed ? { ...sheet, tiles: sheet.tiles.slice(0, count) } : undefined
  }

  /** A sheet never changes: it is made once, and not tried again for a while when that fails. */
  async function make(key: string, assetId: string, name: SheetName): Promise<Picture | undefined> {
    const sheet = await find(assetId, name)
    // Not those of the broadcast itself: what is live must not wait for its recording.
    const resting = `sheets ${assetId}`
    if (sheet === undefined || rests.isResting(resting)) return undefined
    let picture: Picture | undefined
    try {
      const input = await readSheet(sheet, assetId, store)
      if (input === undefined) return undefined
      const { columns } = PICTURE_LIMITS
      const words = sheetArguments(sheet.width, sheet.height, columns, Math.ceil(name.count / columns))
      picture = await draw(key, words, input)
      rests.worked(resting)
    } catch (error) {
      if (isFull(error)) throw error
      rests.failed(resting)
      onFailure(key, error)
    }
    kept.set(assetId, key, { picture, madeAt: now() })
    return picture
  }

  return {
    storyboard: async (assetId) => (kept.isForgotten(assetId) ? undefined : planOf(assetId)),
    async sheet(assetId, name) {
      if (kept.isForgotten(assetId)) return undefined
      const key = `sheet ${assetId} ${name.interval} ${name.part} ${name.count}`
      const entry = kept.get(key)
      const isKept = entry?.picture !== undefined || (entry && now() - entry.madeAt < PICTURE_LIMITS.poster)
      return isKept === true ? entry?.picture : lane.run(key, () => make(key, assetId, name))
    },
    forget(assetId) {
      kept.forget(assetId)
      for (const key of plans.keys()) if (key.startsWith(`${assetId} `)) plans.delete(key)
    },
  }
}
