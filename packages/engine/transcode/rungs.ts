import { h264Level } from '@bandstand/media/codecs/h264/level.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Rung, RungSettings, SourceFacts } from './model.ts'

/** How far above the bitrate a second may be: `maxrate`. */
export const PEAK = 1.1

/**
 * The renditions to be made of this source: below its own size only, in its shape, square pixels. Frames are dropped whole
 * where there are more than a rung may have (50 → 25, 59.94 → 29.97) and never made up, for each must have the time of one
 * of the source's.
 */
export function planRungs(source: SourceFacts, settings: readonly RungSettings[]): readonly Rung[] {
  const [x, y] = source.sampleAspectRatio
  const shown = { width: (source.width * x) / y, height: source.height }
  const short = Math.min(shown.width, shown.height)
  return settings.slice(0, LADDER_LIMITS.rungs).flatMap((wanted, slot) => {
    if (wanted.height >= short) return []
    const scale = wanted.height / short
    const width = even(shown.width * scale)
    const height = even(shown.height * scale)
    // What is measured as 30.03 is 30.
    const every = Math.max(1, Math.ceil(source.frameRate / (wanted.frameRate * 1.02)))
    const frameRate = source.frameRate / every
    const level = h264Level(width, height, frameRate, wanted.bitrate * PEAK)
    const codecString = `avc1.6400${level.toString(16).padStart(2, '0')}`
    return [{ slot, width, height, frameRate, every, bitrate: wanted.bitrate, level, codecString }]
  })
}

function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2)
}
