import { type CutList, createCutList } from './cut-list.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { CutFollower, Epoch } from './model.ts'

/** How an epoch of the source was cut. Times in ticks of 90 kHz. */
export interface EpochCuts {
  readonly epoch: Epoch
  /** Media sequence number of its first segment. */
  readonly first: number
  readonly list: CutList
  /** No border can come before it any more. */
  readonly decided: number
  /** Where it ended, and with which segment; `undefined` while it goes on. */
  readonly over: { readonly end: number; readonly last: number } | undefined
}

/** Where a rendition is: what is before is not needed any more. */
export interface Place {
  readonly cuts: EpochCuts
  readonly msn: number
}

/** How the source was cut, epoch by epoch, as long as a rendition that comes later needs it. */
export interface SourceCuts extends CutFollower {
  /** The running epoch or the newest one. */
  readonly newest: EpochCuts | undefined
  after(cuts: EpochCuts): EpochCuts | undefined
  /** Forgets what lies before all of these, each in the epoch and the segment where one is; segments that are open to a rung stay. */
  forget(needed: readonly Place[]): void
  /** Where the segments of the running epoch begin that are open to a rung, oldest first. */
  readonly starts: readonly number[]
}

/**
 * Number of the oldest segment of an epoch that what is made later may still have media of.
 *
 * @param open whole segments before the newest.
 */
export function oldestOpen({ first, list }: EpochCuts, open: number = PACKAGER_LIMITS.rungOpenSegments): number {
  return Math.max(first, list.newest - open)
}

interface Own extends EpochCuts {
  decided: number
  over: EpochCuts['over']
}

/** @param open as for `oldestOpen`. */
export function createSourceCuts(open: number = PACKAGER_LIMITS.rungOpenSegments): SourceCuts {
  /** Oldest first. */
  let epochs: Own[] = []

  function indexOf({ epoch }: EpochCuts): number {
    return epochs.findIndex((own) => own.epoch === epoch)
  }

  return {
    get newest() {
      return epochs.at(-1)
    },
    after: (cuts) => epochs[indexOf(cuts) + 1],
    opened(epoch, msn) {
      const list = createCutList(msn, epoch.start)
      epochs.push({ epoch, first: msn, list, decided: epoch.start, over: undefined })
    },
    cut(at, key) {
      epochs.at(-1)?.list.cut(at, key)
    },
    decided(at) {
      const running = epochs.at(-1)
      if (running !== undefined) running.decided = Math.max(running.decided, at)
    },
    closed(end, last) {
      const running = epochs.at(-1)
      if (running === undefined || running.over !== undefined) return
      running.decided = end
      running.over = { end, last }
    },
    forget(needed) {
      const oldest = Math.min(epochs.length - 1, ...needed.map(({ cuts }) => indexOf(cuts)))
      if (oldest > 0) epochs = epochs.slice(oldest)
      for (const { list, epoch } of epochs) {
        const own = needed.filter(({ cuts }) => cuts.epoch.id === epoch.id).map(({ msn }) => msn)
        list.forget(Math.min(list.newest - open, ...own))
      }
    },
    get starts() {
      const running = epochs.at(-1)
      if (running === undefined || running.over !== undefined) return []
      const { list } = running
      const found: number[] = []
      for (let msn = oldestOpen(running, open); msn <= list.newest; msn++) {
        const start = list.startOf(msn)
        if (start !== undefined) found.push(start)
      }
      return found
    },
  }
}

/** Keeps what is known of the source's cuts for renditions that are cut alike: lets them go on, and forgets what none of them needs. */
export function followCuts(source: SourceCuts, pump: () => void, places: () => readonly Place[]): CutFollower {
  return {
    opened(epoch, msn) {
      source.opened(epoch, msn)
      pump()
      source.forget(places())
    },
    cut(at, key) {
      source.cut(at, key)
      source.forget(places())
    },
    decided(at) {
      source.decided(at)
      pump()
    },
    closed(end, last) {
      source.closed(end, last)
      pump()
    },
  }
}
