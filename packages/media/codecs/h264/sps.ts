import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { NAL, nalType, rbsp } from './nal.ts'
import { type H264Vui, parseVui } from './vui.ts'

/** Sequence parameter set (ITU-T H.264 §7.3.2.1.1), what outlives its parsing. */
export interface H264Sps extends H264Vui {
  readonly profileIdc: number
  /** The six `constraint_set` flags and two reserved bits as one byte. */
  readonly constraints: number
  readonly levelIdc: number
  readonly id: number
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  readonly maxNumRefFrames: number
  /** False when pictures may be coded as fields (interlaced). */
  readonly frameMbsOnly: boolean
  /** After cropping, in luma samples. */
  readonly width: number
  readonly height: number
}

/** Profiles whose parameter sets carry chroma format, bit depths and scaling matrices. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/** MaxFS of level 6.2 in macroblocks, and the longest side that it allows: √(8 × MaxFS) (table A-1, §A.3.1). */
const MAX_FRAME_SIZE = 139_264
const MAX_SIDE = 1055

/**
 * Parses a sequence parameter set NAL unit, header byte included. Throws `truncated` or `malformed`; a VUI that is cut off
 * keeps what was read of it, see `parseVui`.
 */
export function parseSps(nal: Uint8Array): H264Sps {
  if (nalType(nal[0] ?? 0) !== NAL.sps) throw malformed(`NAL unit type ${nalType(nal[0] ?? 0)} instead of 7`)
  const bits = new BitReader(rbsp(nal), 'sps')
  const profileIdc = bits.u(8)
  const constraints = bits.u(8)
  const levelIdc = bits.u(8)
  const id = bounded(bits.ue(), 31, 'seq_parameter_set_id')
  const format = HIGH_PROFILES.has(profileIdc) ? parseFormat(bits) : BASE_FORMAT
  bounded(bits.ue(), 12, 'log2_max_frame_num_minus4')
  skipPicOrderCount(bits)
  const maxNumRefFrames = bounded(bits.ue(), 16, 'max_num_ref_frames')
  bits.skip(1) // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = bits.ue() + 1
  const heightInMapUnits = bits.ue() + 1
  const frameMbsOnly = bits.flag()
  const heightInMbs = heightInMapUnits * (frameMbsOnly ? 1 : 2)
  if (widthInMbs > MAX_SIDE || heightInMbs > MAX_SIDE || widthInMbs * heightInMbs > MAX_FRAME_SIZE) {
    throw malformed(`${widthInMbs} × ${heightInMbs} macroblocks exceed every level`)
  }
  if (!frameMbsOnly) bits.skip(1) // mb_adaptive_frame_field_flag
  bits.skip(1) // direct_8x8_inference_flag
  // §7.4.2.1.1: crop units depend on the chroma array type, which is 0 for separately coded planes.
  const chromaArrayType = format.separatePlanes ? 0 : format.chromaFormatIdc
  const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1
  const unitY = (chromaArrayType === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2)
  let width = widthInMbs * 16
  let height = heightInMbs * 16
  if (bits.flag()) {
    width -= unitX * (bits.ue() + bits.ue())
    height -= unitY * (bits.ue() + bits.ue())
    if (width <= 0 || height <= 0) throw malformed('cropping leaves no picture')
  }
  const vui = bits.flag() ? parseVui(bits) : NO_VUI
  return {
    profileIdc,
    constraints,
    levelIdc,
    id,
    chromaFormatIdc: format.chromaFormatIdc,
    bitDepthLuma: format.bitDepthLuma,
    bitDepthChroma: format.bitDepthChroma,
    maxNumRefFrames,
    frameMbsOnly,
    width,
    height,
    ...vui,
  }
}

/** RFC 6381 codec string of a parameter set, for example `avc1.64001f`. */
export function avcCodecString(sps: H264Sps): string {
  const hex = [sps.profileIdc, sps.constraints, sps.levelIdc].map((byte) => byte.toString(16).padStart(2, '0'))
  return `avc1.${hex.join('')}`
}

interface Format {
  readonly chromaFormatIdc: number
  readonly separatePlanes: boolean
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
}

const BASE_FORMAT: Format = { chromaFormatIdc: 1, separatePlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 }
const NO_VUI: H264Vui = { sampleAspectRatio: [1, 1] }

function parseFormat(bits: BitReader): Format {
  const chromaFormatIdc = bounded(bits.ue(), 3, 'chroma_format_idc')
  const separatePlanes = chromaFormatIdc === 3 && bits.flag()
  const bitDepthLuma = 8 + bounded(bits.ue(), 6, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + bounded(bits.ue(), 6, 'bit_depth_chroma_minus8')
  bits.skip(1) // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    const lists = chromaFormatIdc === 3 ? 12 : 8
    for (let i = 0; i < lists; i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64)
  }
  return { chromaFormatIdc, separatePlanes, bitDepthLuma, bitDepthChroma }
}

/** §7.3.2.1.1.1 */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8
  let next = 8
  for (let j = 0; j < size; j++) {
    if (next !== 0) next = (last + bits.se() + 256) & 0xff
    last = next === 0 ? last : next
  }
}

function skipPicOrderCount(bits: BitReader): void {
  const type = bounded(bits.ue(), 2, 'pic_order_cnt_type')
  if (type === 0) bounded(bits.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  if (type !== 1) return
  bits.skip(1) // delta_pic_order_always_zero_flag
  bits.se()
  bits.se()
  const cycle = bounded(bits.ue(), 255, 'num_ref_frames_in_pic_order_cnt_cycle')
  for (let i = 0; i < cycle; i++) bits.se()
}

function bounded(value: number, max: number, name: string): number {
  if (value > max) throw malformed(`${name} is ${value}, at most ${max}`)
  return value
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `sps: ${what}`, { structure: 'sps' })
}
