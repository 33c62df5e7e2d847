import { LRUCache } from 'lru-cache'
import type { AssetIndex, SegmentStore } from '../store/port.ts'
import { type Download, planDownload } from './download.ts'
import { limits } from './limits.ts'
import { createPlanQueue } from './plan-queue.ts'

/** Plans of downloads, kept for the range requests that follow. */
export interface Downloads {
  /**
   * An asset as one file: as it is now, or, of a running broadcast, as it was a little while ago.
   *
   * @returns `undefined` when there is no such asset
   * @throws EngineError `limit` when too many are being planned
   */
  get(assetId: string, request: DownloadRequest): Promise<NamedDownload | undefined>
}

export interface DownloadRequest {
  /**
   * Key of an earlier plan (it is its entity tag): the same bytes again if they are still known, so that a player that seeks
   * in a growing broadcast stays in one file.
   */
  readonly wanted?: string | undefined
  /** Of who asks: what one network lets plan is bounded. */
  readonly network: string
  /** Who asks has gone. What is then waited for by nobody is not begun. */
  readonly gone: AbortSignal
  /** False where the file's name is all that is needed to answer: nothing is planned for it. Default true. */
  readonly isNeeded?: (key: string) => boolean
}

export interface NamedDownload {
  /** Names these very bytes. */
  readonly key: string
  /** Absent when there is no media, it is not needed, or who asked has gone. */
  readonly download: Download | undefined
}

interface Plan {
  readonly assetId: string
  readonly key: string
  readonly download: Download
  /** As `now`: until then it serves who asks for a running broadcast. */
  readonly freshUntil: number
}

/** A plan in the making. */
interface Planning {
  readonly key: string
  readonly made: Promise<Download | undefined>
  readonly left: AbortController
  /** How many wait for it. */
  waiting: number
  /** Is finished, whoever leaves. */
  isBegun: boolean
}

/**
 * @param maxBytes of plans kept, all assets together
 * @param now milliseconds of a clock that is never set
 */
export function createDownloads(
  store: Pick<SegmentStore, 'index' | 'read' | 'parts'>,
  maxBytes: number = limits.planBytes,
  now: () => number = () => performance.now(),
): Downloads {
  const plans = new LRUCache<string, Plan>({
    max: limits.plans,
    maxSize: maxBytes,
    // The cache drops what is larger than itself: each range of such a download would be planned anew.
    sizeCalculation: ({ download }) => Math.min(maxBytes, Math.max(1, download.memory)),
  })
  /** By asset, of which one is planned at a time. */
  const pending = new Map<string, Planning>()
  const queue = createPlanQueue(limits)

  /** Most recently used first. */
  const plansOf = (assetId: string) => [...plans.values()].filter((plan) => plan.assetId === assetId)

  /** What the file is called that is given to whoever asks now. */
  function nameNow({ assetId, ended, tracks }: AssetIndex, wanted: string | undefined): string {
    if (wanted?.startsWith(`${assetId}.`) === true && plans.has(wanted)) return wanted
    const segments = tracks[0]?.segments
    // The same segments make the same file, also after a restart.
    const front = `${assetId}.${segments?.at(0)?.msn ?? 0}-`
    const current = `${front}${segments?.at(-1)?.msn ?? 0}`
    if (ended) return current
    // A plan begins at the beginning, and a running broadcast is another file with each segment: whoever asks again and again
    // must not keep everybody else's from being planned. What retention has taken the front of is of no use any more.
    const at = now()
    const isUsable = ({ key }: { readonly key: string }) => key.startsWith(front)
    const [fresh] = plansOf(assetId)
      .filter((plan) => isUsable(plan) && at < plan.freshUntil)
      .sort((a, b) => b.freshUntil - a.freshUntil)
    const planning = pending.get(assetId)
    return fresh?.key ?? (planning !== undefined && isUsable(planning) ? planning.key : current)
  }

  function begin(index: AssetIndex, key: string, network: string): Planning {
    const { assetId } = index
    const left = new AbortController()
    const plan = async () => {
      planning.isBegun = true
      const since = now()
      const download = await planDownload(store, index)
      const at = now()
      const freshFor = Math.max(limits.planFresh, (at - since) * limits.planRest)
      if (download !== undefined) keep({ assetId, key, download, freshUntil: at + freshFor })
      return download
    }
    const forget = () => {
      if (pending.get(assetId) === planning) pending.delete(assetId)
    }
    // At once, so that nobody comes to wait for what is not going to be made.
    const leave = () => {
      if (!planning.isBegun) forget()
    }
    left.signal.addEventListener('abort', leave, { once: true })
    const { promise: made, resolve } = Promise.withResolvers<Download | undefined>()
    const planning: Planning = { key, made, left, waiting: 0, isBegun: false }
    pending.set(assetId, planning)
    made.then(forget, forget)
    resolve(queue.run(network, left.signal, plan))
    return planning
  }

  function keep(plan: Plan): void {
    plans.set(plan.key, plan)
    // A broadcast that runs for a day must not push everybody else's out.
    for (const { key } of plansOf(plan.assetId).slice(limits.plansPerAsset)) plans.delete(key)
  }

  async function wait(planning: Planning, gone: AbortSignal): Promise<Download | undefined> {
    const leave = () => {
      if (--planning.waiting === 0) planning.left.abort()
    }
    planning.waiting++
    gone.addEventListener('abort', leave, { once: true })
    try {
      return await planning.made
    } finally {
      gone.removeEventListener('abort', leave)
    }
  }

  async function make(
    index: AssetIndex,
    key: string,
    { network, gone }: DownloadRequest,
  ): Promise<Download | undefined> {
    while (!gone.aborted) {
      const kept = plans.get(key)
      if (kept !== undefined) return kept.download
      const planning = pending.get(index.assetId) ?? begin(index, key, network)
      const mine = wait(planning, gone)
      if (planning.key === key) return mine
      // Of the broadcast before it ended, or before its front went: one at a time, whatever comes of that one.
      await mine.catch(() => undefined)
    }
    return undefined
  }

  return {
    async get(assetId, request) {
      const index = await store.index(assetId)
      if (index === undefined) return undefined
      const key = nameNow(index, request.wanted)
      const isNeeded = request.isNeeded?.(key) ?? true
      return { key, download: isNeeded ? await make(index, key, request) : undefined }
    },
  }
}
