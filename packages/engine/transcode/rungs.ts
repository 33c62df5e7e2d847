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
  const short = shortSide(source)
  return settings.slice(0, LADDER_LIMITS.rungs).flatMap((wanted, slot) => {
    return wanted.height >= short ? [] : [rungOf(source, wanted, slot)]
  })
}

/** Lines that take the place of the source's own where a machine cannot carry them. */
const SMALLER = [720, 480]
export const PLAIN_RUNGS = 1 + SMALLER.length
/** Bits a second for each pixel a second; what is enough for x264 without B-frames and look-ahead, and never too much for a line. */
const BITS_PER_PIXEL = 0.075
const MOST_BITRATE = 6_000_000
const LEAST_BITRATE = 400_000
const FASTEST = 60

/** A source that is encoded again for the sake of its B-frames: as it is, and what may stand for it; the best first. */
export function planPlain(source: SourceFacts): readonly Rung[] {
  const short = even(shortSide(source))
  const heights = [short, ...SMALLER.filter((height) => height < short)]
  return heights.map((height, slot) => {
    const { width, height: lines, frameRate } = rungOf(source, { height, bitrate: 0, frameRate: FASTEST }, slot)
    const rate = Math.round(width * lines * frameRate * BITS_PER_PIXEL)
    const bitrate = Math.min(MOST_BITRATE, Math.max(LEAST_BITRATE, rate))
    return rungOf(source, { height, bitrate, frameRate: FASTEST }, slot)
  })
}

/** Of the picture as it is shown. */
function shownSize({ width, height, sampleAspectRatio: [x, y] }: SourceFacts) {
  return { width: (width * x) / y, height }
}

function shortSide(source: SourceFacts): number {
  const { width, height } = shownSize(source)
  return Math.min(width, height)
}

function rungOf(source: SourceFacts, wanted: RungSettings, slot: number): Rung {
  const shown = shownSize(source)
  const scale = wanted.height / shortSide(source)
  const width = even(shown.width * scale)
  const height = even(shown.height * scale)
  // What is measured as 30.03 is 30.
  const every = Math.max(1, Math.ceil(source.frameRate / (wanted.frameRate * 1.02)))
  const frameRate = source.frameRate / every
  const level = h264Level(width, height, frameRate, wanted.bitrate * PEAK)
  const codecString = `avc1.6400${level.toString(16).padStart(2, '0')}`
  return { slot, width, height, frameRate, every, bitrate: wanted.bitrate, level, codecString }
}

function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2)
}
