import type { BitReader } from '../bytes/bit-reader.ts'
import { MediaError } from '../error.ts'
import type { ColourDescription } from './colour.ts'

/** Video usability information that H.264 and H.265 have alike. */
export interface SharedVui {
  /** 1:1 when unknown. */
  readonly sampleAspectRatio: readonly [number, number]
  readonly colour?: ColourDescription
}

/** While it is being read. */
export type Unread<Vui> = { -readonly [K in keyof Vui]: Vui[K] }

/** Table E-1, index 0 is "unspecified". */
const ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
]
const EXTENDED_SAR = 255

/**
 * Reads VUI parameters by `read`. A VUI that ends early or counts nonsense keeps what was read before: it only describes,
 * decoding does not need it, and some hardware encoders cut it short.
 */
export function readAsFarAsPossible<Vui>(
  bits: BitReader,
  vui: Unread<Vui>,
  read: (bits: BitReader, vui: Unread<Vui>) => void,
): Vui {
  try {
    read(bits, vui)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return vui
}

/** Reads what both begin with: aspect ratio, overscan, signal type and place of chroma (ITU-T H.264 §E.1.1, H.265 §E.2.1). */
export function readSharedVui(bits: BitReader, vui: Unread<SharedVui>): void {
  if (bits.flag()) vui.sampleAspectRatio = parseAspectRatio(bits)
  if (bits.flag()) bits.skip(1) // overscan_appropriate_flag
  if (bits.flag()) {
    bits.skip(3) // video_format
    const fullRange = bits.flag()
    if (bits.flag()) vui.colour = { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange }
  }
  if (bits.flag()) {
    bits.ue() // chroma_sample_loc_type_top_field
    bits.ue() // chroma_sample_loc_type_bottom_field
  }
}

/** 1:1 where it says none. */
function parseAspectRatio(bits: BitReader): readonly [number, number] {
  const idc = bits.u(8)
  if (idc !== EXTENDED_SAR) return ASPECT_RATIOS[idc] ?? [1, 1]
  const width = bits.u(16)
  const height = bits.u(16)
  return width > 0 && height > 0 ? [width, height] : [1, 1]
}
