import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { SOUND_LIMITS } from './limits.ts'

/** The source's newest sound, from which what is asked for now begins. Times in ticks of the source. */
export interface SoundBacklog {
  /** @param oldest begin of the oldest segment that is still open, ticks. */
  add(unit: TimedUnit, oldest: number): void
  /** From the last one on that begins at this time or before. */
  from(time: number): readonly TimedUnit[]
  readonly first: TimedUnit | undefined
  readonly bytes: number
  /** Lets go of the older half; false where there is nothing. */
  release(): boolean
  clear(): void
}

export function createSoundBacklog({ timescale }: Pick<AudioTrackConfig, 'timescale'>): SoundBacklog {
  let units: TimedUnit[] = []
  let bytes = 0

  function drop(count: number): void {
    for (const { data } of units.slice(0, count)) bytes -= data.byteLength
    units = units.slice(count)
  }

  return {
    add(unit, oldest) {
      units.push(alone(unit))
      bytes += unit.data.byteLength
      // Not one by one: a list is not made anew for each frame.
      const { preroll, backlogSeconds } = SOUND_LIMITS
      const needed = Math.max(oldest - 2 * preroll * timescale, unit.dts - backlogSeconds * timescale)
      const [first] = units
      if (first !== undefined && first.dts < needed - timescale) drop(units.findIndex(({ dts }) => dts >= needed))
      if (bytes > SOUND_LIMITS.backlogBytes || units.length > SOUND_LIMITS.backlogUnits) drop(units.length >> 1)
    },
    from(time) {
      const index = units.findLastIndex(({ dts }) => dts <= time)
      return units.slice(Math.max(0, index))
    },
    get first() {
      return units[0]
    },
    get bytes() {
      return bytes
    },
    release() {
      if (units.length === 0) return false
      drop(Math.max(1, units.length >> 1))
      return true
    },
    clear() {
      units = []
      bytes = 0
    },
  }
}

/** Some ways in give views on what came with it, a segment's pictures for example: all of that would be kept for as long. */
function alone(unit: TimedUnit): TimedUnit {
  const { data } = unit
  return data.buffer.byteLength > 2 * data.byteLength ? { ...unit, data: new Uint8Array(data) } : unit
}
