import type { Rung } from '@bandstand/contract/api/ladder.ts'

/** A rendition that an encoder is to make. */
export interface Rendition {
  readonly width: number
  readonly height: number
  readonly framerate: FrameRate
  /** Bits a second. */
  readonly bitrate: number
}

export interface FrameRate {
  readonly numerator: number
  readonly denominator: number
}

/** The picture that the encoder has. */
export type Picture = Omit<Rendition, 'bitrate'>

export interface Bounds {
  /** Bits a second of all renditions together; `undefined`: as many as they take. */
  readonly bitrate?: number | undefined
  readonly count?: number | undefined
}

/** As many as the server takes of one encoder. */
const MOST = 8
/** Bits for each pixel of each frame of the largest picture, and what it gets at most and at least. */
const BITS_PER_PIXEL = 0.085
const MOST_BITRATE = 8_000_000
const LEAST_BITRATE = 600_000

/**
 * The channel's ladder as the encoder is to make it: its own picture first, then each rung below that, highest first. Each picture of a
 * rung has the time of one of the largest, so frames are left out whole. Where there may not be as many bits or renditions, the
 * largest of the smaller ones go first: who has a slow line needs the smallest, and nobody else can see it.
 */
export function planRenditions(picture: Picture, rungs: readonly Rung[], bounds: Bounds = {}): readonly Rendition[] {
  const short = Math.min(picture.width, picture.height)
  const smaller = rungs
    .filter(({ height }) => height < 0.9 * short)
    .toSorted((a, b) => b.height - a.height)
    .map((rung) => renditionOf(picture, rung, short))
  const largest = { ...picture, bitrate: bitrateOf(picture) }
  const count = Math.max(1, Math.min(MOST, bounds.count ?? MOST))
  let kept = smaller.slice(Math.max(0, smaller.length - (count - 1)))
  const most = bounds.bitrate ?? Number.POSITIVE_INFINITY
  const sum = () => kept.reduce((total, { bitrate }) => total + bitrate, largest.bitrate)
  while (kept.length > 0 && sum() > most) kept = kept.slice(1)
  return [{ ...largest, bitrate: Math.min(largest.bitrate, Math.max(LEAST_BITRATE, most)) }, ...kept]
}

function bitrateOf({ width, height, framerate }: Picture): number {
  const bits = width * height * (framerate.numerator / framerate.denominator) * BITS_PER_PIXEL
  return Math.round(Math.min(MOST_BITRATE, Math.max(LEAST_BITRATE, bits)) / 100_000) * 100_000
}

function renditionOf({ width, height, framerate }: Picture, rung: Rung, short: number): Rendition {
  const scale = rung.height / short
  const { numerator, denominator } = framerate
  // 60000/1001 is 60.
  const every = Math.max(1, Math.ceil(numerator / denominator / (rung.frameRate * 1.02)))
  return {
    width: even(width * scale),
    height: even(height * scale),
    framerate: { numerator, denominator: denominator * every },
    bitrate: rung.bitrate,
  }
}

function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2)
}
