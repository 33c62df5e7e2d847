import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimedUnit } from './model.ts'
import type { HeldUnit } from './source.ts'
import { VideoClock } from './video-clock.ts'

/** A picture of a rendition that the encoder brings, on the broadcast's clock. */
export interface BroughtUnit {
  /** The epoch whose pictures it is a rendition of. */
  readonly epoch: number
  readonly unit: TimedUnit
}

/** An epoch of the source, as far as its clock goes. Ticks of 90 kHz. */
export interface SourceEpoch {
  readonly id: number
  readonly start: number
  /** Added to the encoder's presentation times. */
  readonly shift: number
}

/**
 * Brings pictures of brought renditions to the broadcast's clock: they are moved as the source's are, so that pictures of the same
 * presentation time stay together whatever the renditions reorder. Pure; `at` is wall clock in Unix milliseconds.
 */
export interface BroughtClock {
  /** Another encoder comes, or none: what was held is of no use. */
  reset(): void
  /** @returns what was held for it, in the order in which it came */
  opened(epoch: SourceEpoch): readonly BroughtUnit[]
  /** The running epoch ends at `end`. */
  closed(end: number): void
  /**
   * @param newest of the source's pictures, on the broadcast's clock
   * @returns `undefined` where it is held, or dropped: its epoch is over, or nothing can be decoded before a key frame
   */
  unit(unit: AccessUnit, at: number, newest: number): BroughtUnit | undefined
  /** What is held of it cannot be decoded with its new configuration. */
  forget(track: TrackId): void
  readonly dropped: number
}

interface OwnEpoch extends SourceEpoch {
  end: number
  readonly clocks: Map<TrackId, { readonly clock: VideoClock; last: number; mapped: number }>
}

export function createBroughtClock(): BroughtClock {
  let running: OwnEpoch | undefined
  let before: OwnEpoch | undefined
  let held: HeldUnit[] = []
  let bytes = 0
  let dropped = 0

  function hold(one: HeldUnit): void {
    held.push(one)
    bytes += one.unit.data.byteLength
    while (held.length > TIMELINE_LIMITS.broughtUnits || bytes > TIMELINE_LIMITS.broughtBytes) {
      bytes -= held.shift()?.unit.data.byteLength ?? 0
      dropped++
    }
  }

  /** Which epoch a picture is of. Those before a border may come after it: renditions are sent one after another. */
  function epochOf({ track, dts, pts }: AccessUnit): OwnEpoch | undefined {
    const isIn = ({ start, end, shift }: OwnEpoch) => {
      const time = pts + shift
      return time >= start - TIMELINE_LIMITS.broughtSlackTicks && time < end
    }
    // Pictures that are shown before the key frame they follow are no reason to go back.
    if (running !== undefined && (isIn(running) || running.clocks.has(track))) return running
    const last = before?.clocks.get(track)?.last
    const goesOn = last !== undefined && Math.abs(dts - last) <= TIMELINE_LIMITS.jumpTicks
    return goesOn && before !== undefined && isIn(before) ? before : undefined
  }

  /** On a clock that the source has not gone over to yet: so far ahead, or back. */
  function isOfNext({ track, dts, pts }: AccessUnit, { shift, clocks }: OwnEpoch, newest: number): boolean {
    const time = pts + shift
    const own = clocks.get(track)
    if (own !== undefined && dts < own.last - TIMELINE_LIMITS.jumpTicks) return true
    const isFar = own === undefined || time > own.mapped + TIMELINE_LIMITS.jumpTicks
    return isFar && time > newest + TIMELINE_LIMITS.broughtAheadTicks
  }

  function map({ unit, at }: HeldUnit, epoch: OwnEpoch): BroughtUnit | undefined {
    const { track, dts, pts, key, data } = unit
    let own = epoch.clocks.get(track)
    if (own === undefined || Math.abs(dts - own.last) > TIMELINE_LIMITS.jumpTicks) {
      if (!key) return undefined
      const start = Math.max(epoch.start, Math.round(pts + epoch.shift))
      own = { clock: new VideoClock(start, dts, pts), last: dts, mapped: start }
      epoch.clocks.set(track, own)
    }
    const time = own.clock.map(dts, pts)
    own.last = dts
    own.mapped = time.dts
    return { epoch: epoch.id, unit: { track, dts: time.dts, pts: time.pts, key, data, arrivedAt: at } }
  }

  function place(one: HeldUnit, newest: number): BroughtUnit | undefined {
    const { unit } = one
    const epoch = epochOf(unit)
    const isEarly = running === undefined ? epoch === undefined : epoch === running && isOfNext(unit, running, newest)
    if (isEarly) {
      hold(one)
      return undefined
    }
    const mapped = epoch && map(one, epoch)
    if (mapped === undefined) dropped++
    return mapped
  }

  return {
    reset() {
      dropped += held.length
      held = []
      bytes = 0
      running = undefined
      before = undefined
    },
    opened(epoch) {
      running = { ...epoch, end: Number.POSITIVE_INFINITY, clocks: new Map() }
      const waiting = held
      held = []
      bytes = 0
      return waiting.map((one) => place(one, epoch.start)).filter((mapped) => mapped !== undefined)
    },
    closed(end) {
      if (running === undefined) return
      running.end = end
      before = running
      running = undefined
    },
    unit: (unit, at, newest) => place({ unit, at }, newest),
    forget(track) {
      const kept = held.filter(({ unit }) => unit.track !== track)
      dropped += held.length - kept.length
      held = kept
      bytes = kept.reduce((sum, { unit }) => sum + unit.data.byteLength, 0)
    },
    get dropped() {
      return dropped
    },
  }
}
