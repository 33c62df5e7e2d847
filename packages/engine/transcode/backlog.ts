import type { TimedUnit } from '../timeline/model.ts'
import { LADDER_LIMITS } from './limits.ts'

/** The source's newest pictures, shared by reference, from which a ladder that is asked for now begins. */
export interface Backlog {
  /** @param oldest begin of the oldest segment that is still open to a rung, 90 kHz. */
  add(unit: TimedUnit, oldest: number): void
  /**
   * The pictures to begin with: from a key frame on, best one that begins a segment and is about as old as what players show.
   * Empty where there is no key frame.
   *
   * @param starts begins of segments, 90 kHz.
   * @param reached picture behind which something is to be gone on with, 90 kHz: it is, where that is near, from the key frame before it.
   */
  from(starts: readonly number[], reached?: number): readonly TimedUnit[]
  readonly bytes: number
  /** Lets go of the oldest group of pictures; false where there is only one. */
  release(): boolean
  clear(): void
}

export function createBacklog(): Backlog {
  let units: TimedUnit[] = []
  let bytes = 0

  function dropBefore(index: number): void {
    for (const { data } of units.slice(0, index)) bytes -= data.byteLength
    units = units.slice(index)
  }

  function isTooMuch(): boolean {
    return bytes > LADDER_LIMITS.backlog || units.length > LADDER_LIMITS.backlogPictures
  }

  /** Index of the key frame with which what is shown from there on can be decoded; -1 where that is too long before. */
  function leadOf(reached: number): number {
    const index = units.findLastIndex(({ key, pts }) => key && pts <= reached)
    return reached - (units[index]?.pts ?? reached) <= LADDER_LIMITS.seamLead ? index : -1
  }

  return {
    add(unit, oldest) {
      units.push(unit)
      bytes += unit.data.byteLength
      if (!unit.key && !isTooMuch()) return
      const needed = units.findLastIndex(({ key, dts }) => key && dts <= oldest)
      if (needed > 0) dropBefore(needed)
      if (!isTooMuch()) return
      const newest = units.findLastIndex(({ key }) => key)
      dropBefore(newest > 0 ? newest : units.length)
    },
    from(starts, reached) {
      const newest = units.at(-1)?.dts ?? 0
      const isOld = ({ dts }: TimedUnit) => newest - dts >= LADDER_LIMITS.backlogTicks
      const begins = ({ dts }: TimedUnit) => starts.includes(dts)
      const choices = [
        reached === undefined || newest - reached > LADDER_LIMITS.seam ? -1 : leadOf(reached),
        units.findLastIndex((unit) => unit.key && begins(unit) && isOld(unit)),
        units.findLastIndex((unit) => unit.key && isOld(unit)),
        units.findIndex(({ key }) => key),
      ]
      const first = choices.find((index) => index >= 0)
      return first === undefined ? [] : units.slice(first)
    },
    get bytes() {
      return bytes
    },
    release() {
      const second = units.findIndex(({ key }, i) => key && i > 0)
      if (second < 0) return false
      dropBefore(second)
      return true
    },
    clear() {
      units = []
      bytes = 0
    },
  }
}
