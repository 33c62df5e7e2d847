import type { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import type { ColourDescription } from '../colour.ts'

/** Video usability information (ITU-T H.264 §E.1.1), what outlives its parsing. */
export interface H264Vui {
  /** 1:1 when unknown. */
  readonly sampleAspectRatio: readonly [number, number]
  readonly colour?: ColourDescription
  /** Frames per second: `time_scale / (2 × num_units_in_tick)`. A hint: encoders with variable rate state it too. */
  readonly frameRate?: number
  readonly fixedFrameRate?: boolean
  /** Frames that may precede another in decoding order and follow it in output order; 0 means no B-frame reordering. */
  readonly maxNumReorderFrames?: number
  readonly maxDecFrameBuffering?: number
}

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
 * Reads VUI parameters up to the end. A VUI that ends early or counts nonsense keeps what was read before: it only
 * describes, decoding does not need it, and some hardware encoders cut it short.
 */
export function parseVui(bits: BitReader): H264Vui {
  const vui: { -readonly [K in keyof H264Vui]: H264Vui[K] } = { sampleAspectRatio: [1, 1] }
  try {
    readVui(bits, vui)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return vui
}

function readVui(bits: BitReader, vui: { -readonly [K in keyof H264Vui]: H264Vui[K] }): void {
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
  if (bits.flag()) {
    const unitsInTick = bits.u(32)
    const timeScale = bits.u(32)
    const fixed = bits.flag()
    if (unitsInTick > 0 && timeScale > 0) {
      vui.frameRate = timeScale / (2 * unitsInTick)
      vui.fixedFrameRate = fixed
    }
  }
  const nalHrd = bits.flag()
  if (nalHrd) skipHrd(bits)
  const vclHrd = bits.flag()
  if (vclHrd) skipHrd(bits)
  if (nalHrd || vclHrd) bits.skip(1) // low_delay_hrd_flag
  bits.skip(1) // pic_struct_present_flag
  if (bits.flag()) {
    bits.skip(1) // motion_vectors_over_pic_boundaries_flag
    for (let i = 0; i < 4; i++) bits.ue()
    const reorder = bits.ue()
    const buffering = bits.ue()
    // §E.2.1: at most MaxDpbFrames, which is 16 at most.
    if (reorder > buffering || buffering > 16) return
    vui.maxNumReorderFrames = reorder
    vui.maxDecFrameBuffering = buffering
  }
}

/** Sample aspect ratio, of which HEVC has the same table; 1:1 where it says none. */
export function parseAspectRatio(bits: BitReader): readonly [number, number] {
  const idc = bits.u(8)
  if (idc !== EXTENDED_SAR) return ASPECT_RATIOS[idc] ?? [1, 1]
  const width = bits.u(16)
  const height = bits.u(16)
  return width > 0 && height > 0 ? [width, height] : [1, 1]
}

/** §E.1.2 */
function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1
  if (count > 32) throw new MediaError('malformed', `vui: cpb_cnt_minus1 is ${count - 1}`, { structure: 'vui' })
  bits.skip(8) // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i++) {
    bits.ue() // bit_rate_value_minus1
    bits.ue() // cpb_size_value_minus1
    bits.skip(1) // cbr_flag
  }
  bits.skip(20) // four lengths of 5 bits
}
