import { BitReader } from '../../bytes/bit-reader.ts'
import { rbsp } from './nal.ts'

/** Bytes that hold the id of a parameter set: a header of at most three bytes and a short Exp-Golomb code. */
const HEAD = 12

/** `seq_parameter_set_id` (ITU-T H.264 §7.3.2.1.1): behind profile, constraints and level. Throws `truncated`, `malformed`. */
export function h264SpsId(nal: Uint8Array): number {
  const bits = new BitReader(rbsp(nal.subarray(0, 2 * HEAD), HEAD), 'h264.sps')
  bits.skip(24)
  return bits.ue()
}

/** `pic_parameter_set_id` (§7.3.2.2). Throws `truncated`, `malformed`. */
export function h264PpsId(nal: Uint8Array): number {
  return new BitReader(rbsp(nal.subarray(0, 2 * HEAD), HEAD), 'h264.pps').ue()
}
