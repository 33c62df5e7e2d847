import type { TimedUnit } from '../timeline/model.ts'
import { PACKAGER_LIMITS } from './limits.ts'

/** What a track has been like lately; for the studio's diagnosis. */
export interface TrackStats {
  /** Frames and bits a second over the last seconds; 0 until there is a second of media. */
  readonly frameRate: number
  readonly bitrate: number
  /** Seconds between the newest key frames, oldest first. */
  readonly keyDistances: readonly number[]
  /** Pictures are shown in another order than they are decoded. */
  readonly bFrames: boolean
}

const WINDOW_SECONDS = 5

export interface TrackMeter {
  add(unit: TimedUnit): void
  read(): TrackStats
}

/** @param timescale ticks a second of the units' times. */
export function createTrackMeter(timescale: number): TrackMeter {
  const recent: { readonly dts: number; readonly bytes: number }[] = []
  let bytes = 0
  let lastKey: number | undefined
  const distances: number[] = []
  let bFrames = false

  return {
    add(unit) {
      recent.push({ dts: unit.dts, bytes: unit.data.byteLength })
      bytes += unit.data.byteLength
      while (recent.length > 0 && unit.dts - (recent[0]?.dts ?? 0) > WINDOW_SECONDS * timescale) {
        bytes -= recent.shift()?.bytes ?? 0
      }
      if (unit.pts < unit.dts) bFrames = true
      if (!unit.key) return
      if (lastKey !== undefined && distances.push((unit.dts - lastKey) / timescale) > PACKAGER_LIMITS.keyDistances) {
        distances.shift()
      }
      lastKey = unit.dts
    },
    read() {
      const first = recent[0]
      const last = recent.at(-1)
      const seconds = first === undefined || last === undefined ? 0 : (last.dts - first.dts) / timescale
      // The newest frame's duration is not in the span, so it does not count.
      const rate = (value: number) => (seconds < 1 ? 0 : value / seconds)
      return {
        frameRate: rate(recent.length - 1),
        bitrate: rate((bytes - (last?.bytes ?? 0)) * 8),
        keyDistances: [...distances],
        bFrames,
      }
    },
  }
}
