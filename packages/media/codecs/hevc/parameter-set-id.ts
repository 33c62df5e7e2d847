import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { rbsp } from '../h264/nal.ts'
import { HEVC_NAL_HEADER } from './nal.ts'
import { parseProfileTierLevel } from './profile.ts'

/** Bytes that hold the id of a sequence parameter set: profile and level of seven sub-layers are in front of it. */
const SPS_HEAD = 120
const HEAD = 8
/** Ids that there are (§7.4.3.2, §7.4.3.3). */
const SPS_IDS = 16
const PPS_IDS = 64

/** `vps_video_parameter_set_id` (ITU-T H.265 §7.3.2.1). Throws `truncated`. */
export function hevcVpsId(nal: Uint8Array): number {
  return new BitReader(rbsp(nal.subarray(0, HEAD), HEAD, HEVC_NAL_HEADER), 'hevc.vps').u(4)
}

/** `sps_seq_parameter_set_id` (§7.3.2.2). Throws `truncated`, `malformed`. */
export function hevcSpsId(nal: Uint8Array): number {
  const bits = new BitReader(rbsp(nal.subarray(0, 2 * SPS_HEAD), SPS_HEAD, HEVC_NAL_HEADER), 'hevc.sps')
  bits.skip(4)
  const maxSubLayersMinus1 = bits.u(3)
  bits.skip(1)
  parseProfileTierLevel(bits, maxSubLayersMinus1)
  return checked(bits.ue(), SPS_IDS)
}

/** `pps_pic_parameter_set_id` (§7.3.2.3). Throws `truncated`, `malformed`. */
export function hevcPpsId(nal: Uint8Array): number {
  return checked(new BitReader(rbsp(nal.subarray(0, 2 * HEAD), HEAD, HEVC_NAL_HEADER), 'hevc.pps').ue(), PPS_IDS)
}

function checked(id: number, ids: number): number {
  if (id >= ids) throw new MediaError('malformed', `parameter set ${id}, of ${ids} that there may be`)
  return id
}
