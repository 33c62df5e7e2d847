import type { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'

const MAX_SETS = 64
const MAX_LONG_TERM = 32
/** Pictures before and behind in a set: no decoded picture buffer holds more. */
const MAX_PICTURES = 16

/** Short-term sets (ITU-T H.265 §7.3.7) and long-term pictures of a sequence parameter set. */
export function skipReferencePictureSets(bits: BitReader, log2MaxPicOrderCntLsb: number): void {
  const sets = bits.ue()
  if (sets > MAX_SETS) throw malformed(`${sets} reference picture sets`)
  /** NumDeltaPocs of the set before. */
  let pictures = 0
  for (let i = 0; i < sets; i++) pictures = i > 0 && bits.flag() ? readPredicted(bits, pictures) : readExplicit(bits)
  if (!bits.flag()) return
  const longTerm = bits.ue()
  if (longTerm > MAX_LONG_TERM) throw malformed(`${longTerm} long-term pictures`)
  bits.skip(longTerm * (log2MaxPicOrderCntLsb + 1))
}

/** A set described by the one before it (§7.4.8): in a sequence parameter set `delta_idx_minus1` is not there. */
function readPredicted(bits: BitReader, before: number): number {
  bits.skip(1) // delta_rps_sign
  bits.ue() // abs_delta_rps_minus1
  let pictures = 0
  for (let j = 0; j <= before; j++) {
    const isUsed = bits.flag()
    // use_delta_flag is 1 where it is not there.
    if (isUsed || bits.flag()) pictures++
  }
  if (pictures > 2 * MAX_PICTURES) throw malformed(`a set of ${pictures} pictures`)
  return pictures
}

function readExplicit(bits: BitReader): number {
  const negative = bits.ue()
  const positive = bits.ue()
  if (negative > MAX_PICTURES || positive > MAX_PICTURES) throw malformed(`a set of ${negative} + ${positive} pictures`)
  for (let i = 0; i < negative + positive; i++) {
    bits.ue() // delta_poc_s0_minus1, delta_poc_s1_minus1
    bits.skip(1) // used_by_curr_pic_s0_flag, used_by_curr_pic_s1_flag
  }
  return negative + positive
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `hevc.sps: ${what}`, { structure: 'hevc.sps' })
}
