import type { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { readAsFarAsPossible, readSharedVui, type SharedVui, type Unread } from '../vui.ts'

/** Video usability information (ITU-T H.264 §E.1.1), what outlives its parsing. */
export interface H264Vui extends SharedVui {
  /** Frames per second: `time_scale / (2 × num_units_in_tick)`. A hint: encoders with variable rate state it too. */
  readonly frameRate?: number
  readonly fixedFrameRate?: boolean
  /** Frames that may precede another in decoding order and follow it in output order; 0 means no B-frame reordering. */
  readonly maxNumReorderFrames?: number
  readonly maxDecFrameBuffering?: number
}

/** Reads VUI parameters up to the end. */
export function parseVui(bits: BitReader): H264Vui {
  return readAsFarAsPossible<H264Vui>(bits, { sampleAspectRatio: [1, 1] }, readVui)
}

function readVui(bits: BitReader, vui: Unread<H264Vui>): void {
  readSharedVui(bits, vui)
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
