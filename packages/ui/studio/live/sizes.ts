/** Pictures that may be sent, and what they need. */
export interface PictureSize {
  readonly name: string
  readonly width: number
  readonly height: number
  /** Bits a second that make a good picture of it. */
  readonly bitrate: number
}

export const SIZES: readonly PictureSize[] = [
  { name: '1080p', width: 1920, height: 1080, bitrate: 4_500_000 },
  { name: '720p', width: 1280, height: 720, bitrate: 2_500_000 },
  { name: '480p', width: 854, height: 480, bitrate: 1_200_000 },
  { name: '360p', width: 640, height: 360, bitrate: 700_000 },
]

/** Rates to choose from beside the size's own, bits a second. */
export const BITRATES: readonly number[] = [500_000, 1_000_000, 2_000_000, 3_000_000, 4_500_000, 6_000_000, 8_000_000]

export const FRAME_RATE = 30

export function sizeNamed(name: string): PictureSize {
  return SIZES.find((size) => size.name === name) ?? (SIZES[1] as PictureSize)
}

/** One picture as it is sent. */
export interface Layer {
  /** The picture's sides are divided by it. */
  readonly divisor: number
  /** Bits a second. */
  readonly bitrate: number
}

/** Smaller pictures are not worth sending below this height. */
const LEAST_HEIGHT = 180

/** What is sent of a size: the largest first, of the smaller ones each half as wide with a third of the rate. */
export function layersOf({ height }: PictureSize, bitrate: number, withSmaller: boolean): readonly Layer[] {
  const layers: Layer[] = [{ divisor: 1, bitrate }]
  if (!withSmaller) return layers
  for (let divisor = 2; layers.length < 3 && height / divisor >= LEAST_HEIGHT; divisor *= 2) {
    layers.push({ divisor, bitrate: Math.round((layers.at(-1)?.bitrate ?? bitrate) / 3) })
  }
  return layers
}
