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

/** Frames of about a second. */
interface Span {
  /** Of its first frame, ticks. */
  readonly start: number
  frames: number
  bytes: number
}

/** @param timescale ticks a second of the units' times. */
export function createTrackMeter(timescale: number): TrackMeter {
  /** Oldest first. A note of each frame would outlive the collector's young generation, hundreds a second. */
  const spans: Span[] = []
  let newest: { readonly dts: number; readonly bytes: number } | undefined
  let lastKey: number | undefined
  const distances: number[] = []
  let bFrames = false

  return {
    add({ dts, pts, key, data: { byteLength: bytes } }) {
      let span = spans.at(-1)
      if (span === undefined || dts - span.start >= timescale) spans.push((span = { start: dts, frames: 0, bytes: 0 }))
      span.frames++
      span.bytes += bytes
      newest = { dts, bytes }
      while (spans[1] !== undefined && dts - spans[1].start >= WINDOW_SECONDS * timescale) spans.shift()
      if (pts < dts) bFrames = true
      if (!key) return
      if (lastKey !== undefined && distances.push((dts - lastKey) / timescale) > PACKAGER_LIMITS.keyDistances) {
        distances.shift()
      }
      lastKey = dts
    },
    read() {
      const [first] = spans
      const seconds = first === undefined || newest === undefined ? 0 : (newest.dts - first.start) / timescale
      // The newest frame's duration is not in the time, so it does not count.
      const rate = (value: number) => (seconds < 1 ? 0 : value / seconds)
      const frames = spans.reduce((sum, span) => sum + span.frames, -1)
      const bytes = spans.reduce((sum, span) => sum + span.bytes, -(newest?.bytes ?? 0))
      return { frameRate: rate(frames), bitrate: rate(bytes * 8), keyDistances: [...distances], bFrames }
    },
  }
}
