import type { BitReader } from '../../bytes/bit-reader.ts'
import { readAsFarAsPossible, readSharedVui, type SharedVui, type Unread } from '../vui.ts'

/** Video usability information (ITU-T H.265 §E.2.1), what outlives its parsing. */
export interface HevcVui extends SharedVui {
  /** Pictures are fields (`field_seq_flag`). */
  readonly interlaced: boolean
  /** Pictures per second. A hint: encoders with variable rate state it too. */
  readonly frameRate?: number
}

/** Reads VUI parameters up to their timing. */
export function parseHevcVui(bits: BitReader): HevcVui {
  return readAsFarAsPossible<HevcVui>(bits, { sampleAspectRatio: [1, 1], interlaced: false }, readVui)
}

function readVui(bits: BitReader, vui: Unread<HevcVui>): void {
  readSharedVui(bits, vui)
  bits.skip(1) // neutral_chroma_indication_flag
  vui.interlaced = bits.flag()
  bits.skip(1) // frame_field_info_present_flag
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue() // default display window
  if (!bits.flag()) return
  const unitsInTick = bits.u(32)
  const timeScale = bits.u(32)
  if (unitsInTick > 0 && timeScale > 0) vui.frameRate = timeScale / unitsInTick
}
