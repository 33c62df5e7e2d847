import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { rbsp } from '../h264/nal.ts'
import { HEVC_NAL, HEVC_NAL_HEADER, hevcNalType } from './nal.ts'
import { type HevcProfile, parseProfileTierLevel } from './profile.ts'
import { skipReferencePictureSets } from './reference-sets.ts'
import { type HevcVui, parseHevcVui } from './vui.ts'

/** Sequence parameter set (ITU-T H.265 §7.3.2.2), what outlives its parsing. */
export interface HevcSps extends HevcVui {
  readonly profile: HevcProfile
  readonly id: number
  /** Temporal sub-layers, 1 to 7. */
  readonly subLayers: number
  readonly temporalIdNesting: boolean
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Pictures that may precede another in decoding order and follow it in output order; 0 means no B-frame reordering. */
  readonly maxNumReorderPics: number
  /** Within the conformance window, in luma samples. */
  readonly width: number
  readonly height: number
}

/** MaxLumaPs of level 7.2 and the longest side that it allows: √(8 × MaxLumaPs) (table A.8, §A.4.1). */
const MAX_LUMA = 142_606_336
const MAX_SIDE = 33_776
const NO_VUI: HevcVui = { sampleAspectRatio: [1, 1], interlaced: false }

/**
 * Parses a sequence parameter set NAL unit, header included. Throws `truncated` or `malformed`; a VUI that is cut off keeps what was
 * read of it, see `parseHevcVui`.
 */
export function parseHevcSps(nal: Uint8Array): HevcSps {
  const type = hevcNalType(nal[0] ?? 0)
  if (type !== HEVC_NAL.sps) throw malformed(`NAL unit type ${type} instead of ${HEVC_NAL.sps}`)
  const bits = new BitReader(rbsp(nal, nal.byteLength, HEVC_NAL_HEADER), 'hevc.sps')
  bits.skip(4) // sps_video_parameter_set_id
  const maxSubLayersMinus1 = bounded(bits.u(3), 6, 'sps_max_sub_layers_minus1')
  const temporalIdNesting = bits.flag()
  const profile = parseProfileTierLevel(bits, maxSubLayersMinus1)
  const id = bounded(bits.ue(), 15, 'sps_seq_parameter_set_id')
  const chromaFormatIdc = bounded(bits.ue(), 3, 'chroma_format_idc')
  const separatePlanes = chromaFormatIdc === 3 && bits.flag()
  const size = parseSize(bits, separatePlanes ? 0 : chromaFormatIdc)
  const bitDepthLuma = 8 + bounded(bits.ue(), 8, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + bounded(bits.ue(), 8, 'bit_depth_chroma_minus8')
  const log2MaxPicOrderCntLsb = 4 + bounded(bits.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  const maxNumReorderPics = parseOrdering(bits, maxSubLayersMinus1)
  skipCodingTools(bits)
  skipReferencePictureSets(bits, log2MaxPicOrderCntLsb)
  bits.skip(2) // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  const vui = bits.flag() ? parseHevcVui(bits) : NO_VUI
  return {
    profile,
    id,
    subLayers: maxSubLayersMinus1 + 1,
    temporalIdNesting,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    maxNumReorderPics,
    ...size,
    ...vui,
  }
}

function parseSize(bits: BitReader, chromaArrayType: number): Pick<HevcSps, 'width' | 'height'> {
  let width = bits.ue()
  let height = bits.ue()
  if (width === 0 || height === 0) throw malformed('no picture')
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_LUMA) {
    throw malformed(`${width} × ${height} luma samples exceed every level`)
  }
  if (bits.flag()) {
    // Table 6-1.
    width -= (chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1) * (bits.ue() + bits.ue())
    height -= (chromaArrayType === 1 ? 2 : 1) * (bits.ue() + bits.ue())
    if (width <= 0 || height <= 0) throw malformed('the conformance window leaves no picture')
  }
  return { width, height }
}

/** `sps_max_num_reorder_pics` of the highest sub-layer. */
function parseOrdering(bits: BitReader, maxSubLayersMinus1: number): number {
  const times = bits.flag() ? maxSubLayersMinus1 + 1 : 1
  let reorder = 0
  for (let i = 0; i < times; i++) {
    const buffering = bounded(bits.ue(), 15, 'sps_max_dec_pic_buffering_minus1')
    reorder = bounded(bits.ue(), buffering, 'sps_max_num_reorder_pics')
    bits.ue() // sps_max_latency_increase_plus1
  }
  return reorder
}

function skipCodingTools(bits: BitReader): void {
  for (let i = 0; i < 6; i++) bits.ue() // block sizes and depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits)
  bits.skip(2) // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (!bits.flag()) return
  bits.skip(8) // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
  bits.ue()
  bits.ue()
  bits.skip(1) // pcm_loop_filter_disabled_flag
}

/** scaling_list_data (§7.3.4): matrices of 32 × 32 are two, all others six. */
function skipScalingLists(bits: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId++) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue() // scaling_list_pred_matrix_id_delta
        continue
      }
      if (sizeId > 1) bits.se() // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + (sizeId << 1)))
      for (let i = 0; i < coefficients; i++) bits.se()
    }
  }
}

function bounded(value: number, max: number, name: string): number {
  if (value > max) throw malformed(`${name} is ${value}, at most ${max}`)
  return value
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `hevc.sps: ${what}`, { structure: 'hevc.sps' })
}
