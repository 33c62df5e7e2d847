import type { Entry } from './entry.ts'
import { cutAtLeaps } from './leaps.ts'
import { HLS_LIMITS } from './limits.ts'
import type { Load } from './load.ts'

export interface Released {
  readonly lane: number
  readonly entry: Entry
}

/**
 * Lets media out at the speed at which they play. An encoder hands over a segment at a time, seconds of pictures at once and then nothing
 * for seconds; players want them as they were taken. What they are behind for it is one segment (or part), which cannot be less: so
 * long it takes until one is whole. Later ones move it back further, those that always come early let it come nearer. Pure: times in ms.
 */
export interface Pacer {
  push(load: Load, now: number): void
  /** What is due, in the order of times of all lanes. */
  release(now: number): readonly Released[]
  /** When something is due next, in ms of `now`; undefined while there is nothing. */
  readonly nextAt: number | undefined
  /** ms of media that are held of what leads. */
  readonly held: number
  readonly bytes: number
  readonly isEmpty: boolean
  /** Lets go of everything. @returns the configurations that waited: a reader may give each once only. */
  clear(): readonly Released[]
}

/** A stretch of one clock. `offset` is what is added to its times (ms) to have the time at which they are let out. */
interface Stretch {
  readonly number: number
  offset: number
  /** Latest end so far, ms on its own clock. */
  end: number
}

interface Lane {
  readonly queue: { readonly stretch: Stretch; readonly entry: Entry }[]
  /** Entries at the beginning of `queue` that are out. */
  head: number
  stretch: Stretch | undefined
  /** Where its newest load ended, ticks. */
  end: number
}

const TICKS = 90

export function createPacer(): Pacer {
  /** Two of each rendition, by `lane * 2`, plus one for sound: pictures and sound of one load are let out beside each other. */
  const lanes = new Map<number, Lane>()
  let newest: Stretch | undefined
  let bytes = 0
  let entries = 0
  /** Time by which the newest loads came earlier than they were needed. */
  let slacks: number[] = []

  function laneOf(number: number): Lane {
    const known = lanes.get(number)
    if (known !== undefined) return known
    const lane: Lane = { queue: [], head: 0, stretch: undefined, end: 0 }
    lanes.set(number, lane)
    return lane
  }

  /** The clock that a load is on: that of the one before it, another lane's newer one, or one that begins. */
  function stretchOf(lane: Lane, load: Load, now: number): Stretch {
    const own = lane.stretch
    const isNear = (end: number) => Math.abs(load.start - end) <= HLS_LIMITS.sameClockTicks
    if (own !== undefined) {
      const gap = load.start - lane.end
      if (Math.abs(gap) <= HLS_LIMITS.jumpTicks) return own
      // Segments are missing in between: it plays on after a pause.
      const isLater = newest !== undefined && newest !== own && isNear(newest.end * TICKS)
      if (gap > 0 && gap <= HLS_LIMITS.sameClockTicks && !isLater) return own
    }
    if (newest !== undefined && newest !== own && isNear(newest.end * TICKS)) return newest
    return begin(load, now)
  }

  function begin(load: Load, now: number): Stretch {
    const before = newest
    const start = load.start / TICKS
    // Behind what is still to be let out. The first one waits for as much as the next may take longer to come.
    const wait = before === undefined ? Math.max(0, load.pace - (load.end - load.start) / TICKS) : 0
    const at = Math.max(now + wait + HLS_LIMITS.paceMarginMs, before === undefined ? 0 : before.end + before.offset)
    newest = { number: (before?.number ?? 0) + 1, offset: at - start, end: start }
    slacks = []
    return newest
  }

  /** Moves a stretch back where a load is late, and nearer where loads have long come too early. */
  function adjust(stretch: Stretch, load: Load, now: number): void {
    if (stretch !== newest) return
    const slack = load.start / TICKS + stretch.offset - now
    if (slack < 0) {
      stretch.offset += HLS_LIMITS.paceMarginMs - slack
      slacks = []
      return
    }
    slacks.push(slack)
    if (slacks.length < HLS_LIMITS.paceWindow) return
    const least = Math.min(...slacks) - 2 * HLS_LIMITS.paceMarginMs
    slacks.shift()
    if (least <= 0) return
    const step = Math.min(least, (load.end - load.start) / TICKS / 4)
    stretch.offset -= step
    slacks = slacks.map((one) => one - step)
  }

  function head(): { readonly number: number; readonly lane: Lane } | undefined {
    let found: { readonly number: number; readonly lane: Lane } | undefined
    let best: Lane['queue'][number] | undefined
    for (const [number, lane] of lanes) {
      const first = lane.queue[lane.head]
      if (first === undefined) continue
      const isEarlier =
        best === undefined ||
        first.stretch.number < best.stretch.number ||
        (first.stretch === best.stretch && first.entry.dts < best.entry.dts)
      if (isEarlier) [found, best] = [{ number, lane }, first]
    }
    return found
  }

  function dueAt(lane: Lane): number {
    const first = lane.queue[lane.head]
    return first === undefined ? Number.POSITIVE_INFINITY : first.entry.dts / TICKS + first.stretch.offset
  }

  function take(lane: Lane): Entry | undefined {
    const first = lane.queue[lane.head++]
    entries--
    if (lane.head > 256 && lane.head * 2 > lane.queue.length) {
      lane.queue.splice(0, lane.head)
      lane.head = 0
    }
    if (first?.entry.kind === 'unit') bytes -= first.entry.data.byteLength
    return first?.entry
  }

  function pushPiece(load: Load, now: number): void {
    // Both of a load's tracks are on one clock.
    const main = laneOf(load.lane * 2)
    const stretch = stretchOf(main, load, now)
    main.stretch = stretch
    main.end = load.end
    if (load.leads) adjust(stretch, load, now)
    stretch.end = Math.max(stretch.end, load.end / TICKS)
    entries += load.entries.length
    for (const entry of load.entries) {
      laneOf(load.lane * 2 + (entry.slot === 'audio' ? 1 : 0)).queue.push({ stretch, entry })
      if (entry.kind === 'unit') bytes += entry.data.byteLength
    }
  }

  return {
    push(load, now) {
      for (const piece of cutAtLeaps(load)) pushPiece(piece, now)
    },
    release(now) {
      const out: Released[] = []
      for (;;) {
        const found = head()
        const isFull = bytes > HLS_LIMITS.pacedBytes || entries > HLS_LIMITS.pacedUnits
        if (found === undefined || (dueAt(found.lane) > now && !isFull)) return out
        const entry = take(found.lane)
        if (entry !== undefined) out.push({ lane: found.number >> 1, entry })
      }
    },
    get nextAt() {
      const found = head()
      return found === undefined ? undefined : dueAt(found.lane)
    },
    get held() {
      let most = 0
      for (const { queue, head: at } of lanes.values()) {
        const [first, last] = [queue[at], queue.at(-1)]
        if (first === undefined || last === undefined) continue
        // From the time at which the first is let out to that of the last, over all clocks in between.
        const until = last.entry.dts / TICKS + last.stretch.offset
        most = Math.max(most, until - (first.entry.dts / TICKS + first.stretch.offset))
      }
      return most
    },
    get bytes() {
      return bytes
    },
    get isEmpty() {
      return head() === undefined
    },
    clear() {
      const configs: Released[] = []
      for (const [number, { queue, head: at }] of lanes) {
        for (const { entry } of queue.slice(at)) if (entry.kind === 'config') configs.push({ lane: number >> 1, entry })
      }
      lanes.clear()
      newest = undefined
      bytes = 0
      entries = 0
      slacks = []
      return configs
    },
  }
}
