import type { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import type { ColourDescription } from '../colour.ts'
import { parseAspectRatio } from '../h264/vui.ts'

/** Video usability information (ITU-T H.265 §E.2.1), what outlives its parsing. */
export interface HevcVui {
  /** 1:1 when unknown. */
  readonly sampleAspectRatio: readonly [number, number]
  readonly colour?: ColourDescription
  /** Pictures are fields (`field_seq_flag`). */
  readonly interlaced: boolean
  /** Pictures per second. A hint: encoders with variable rate state it too. */
  readonly frameRate?: number
}

/** Reads VUI parameters up to their timing. One that ends early keeps what was read before: it only describes. */
export function parseHevcVui(bits: BitReader): HevcVui {
  const vui: { -readonly [K in keyof HevcVui]: HevcVui[K] } = { sampleAspectRatio: [1, 1], interlaced: false }
  try {
    readVui(bits, vui)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return vui
}

function readVui(bits: BitReader, vui: { -readonly [K in keyof HevcVui]: HevcVui[K] }): void {
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
  bits.skip(1) // neutral_chroma_indication_flag
  vui.interlaced = bits.flag()
  bits.skip(1) // frame_field_info_present_flag
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue() // default display window
  if (!bits.flag()) return
  const unitsInTick = bits.u(32)
  const timeScale = bits.u(32)
  if (unitsInTick > 0 && timeScale > 0) vui.frameRate = timeScale / unitsInTick
}
