import { constants, type NodeGCPerformanceDetail, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'

/**
 * Percent by which the heap, and with it the buffers outside of it that V8 counts, may grow from one full collection to the next.
 * A collection takes about 0.1 s of a processor however much it finds, most of it for the code that is loaded.
 */
const FRUGAL = 60
/** Twenty publishers cause 0.4 collections a second with it; 1 with `FRUGAL`, a quarter more processor time in all, for 35 MB less. */
const QUICK = 150
/** ms between collections, on average: below the first they cost more than 3 % of a processor, above the second there is time for them. */
const OFTEN = 3_000
const SELDOM = 10_000
/** Collections that are averaged: a broadcast that begins causes two or three in a row. */
const COUNTED = 6

/** An entry of type `gc`. */
interface Collection extends PerformanceEntry {
  readonly detail: NodeGCPerformanceDetail
}

export interface HeapGrowth {
  /** @param at ms of any clock that does not jump */
  collected(at: number): void
}

/**
 * Little memory where little happens, few collections where much does. Media are buffers outside of the heap, which V8 counts against the
 * heap's next limit: with its own choice of that limit twenty publishers cause three full collections a second that find nothing, half
 * of all processor time.
 *
 * @param set told the percent, at first too
 */
export function createHeapGrowth(set: (percent: number) => void): HeapGrowth {
  let percent = FRUGAL
  let times: number[] = []
  set(percent)
  return {
    collected(at) {
      times.push(at)
      const [first = at] = times
      if (times.length <= COUNTED) return
      times.shift()
      const distance = (at - first) / COUNTED
      const wanted = distance < OFTEN ? QUICK : distance > SELDOM ? FRUGAL : percent
      if (wanted === percent) return
      percent = wanted
      times = []
      set(percent)
    },
  }
}

/** For as long as the process lives. */
export function adaptHeapGrowth(): void {
  const growth = createHeapGrowth((percent) => setFlagsFromString(`--heap-growing-percent=${percent}`))
  const observer = new PerformanceObserver((list) => {
    for (const { detail, startTime } of list.getEntries() as Collection[])
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) growth.collected(startTime)
  })
  observer.observe({ entryTypes: ['gc'] })
}
