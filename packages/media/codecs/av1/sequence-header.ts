import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import type { ColourDescription } from '../colour.ts'
import { OBU, obuAt } from './obu.ts'

/** Sequence header (AV1 specification §5.5), what outlives its parsing. */
export interface Av1SequenceHeader {
  readonly profile: number
  /** Of the first operating point. */
  readonly levelIdx: number
  readonly tier: number
  readonly bitDepth: 8 | 10 | 12
  readonly monochrome: boolean
  readonly subsamplingX: number
  readonly subsamplingY: number
  readonly chromaSamplePosition: number
  /** `undefined` where nothing is said of the colours. */
  readonly colour?: ColourDescription
  /** Largest frame, in luma samples. */
  readonly width: number
  readonly height: number
  /** Where all pictures are equally long. */
  readonly frameRate?: number
}

/** Bounds of what is believed: more than level 6.3 allows (§A.3). */
const MAX_SIDE = 32_768
const MAX_LUMA = 142_606_336
const UNSPECIFIED = 2
const BT709 = 1
const SRGB = 13
const IDENTITY = 0

/** Parses a sequence header unit, its header included. Throws `truncated`, `malformed`, or `unsupported` for single pictures. */
export function parseSequenceHeader(obu: Uint8Array): Av1SequenceHeader {
  const { type, payload, end } = obuAt(obu, 0)
  if (type !== OBU.sequenceHeader) throw malformed(`unit of type ${type} instead of ${OBU.sequenceHeader}`)
  const bits = new BitReader(obu.subarray(payload, end), 'av1.sequence')
  const profile = bits.u(3)
  if (profile > 2) throw malformed(`seq_profile is ${profile}`)
  bits.skip(1) // still_picture
  if (bits.flag())
    throw new MediaError('unsupported', 'av1: a single picture, not video', { structure: 'av1.sequence' })
  const timing = bits.flag() ? readTiming(bits) : {}
  const { levelIdx, tier } = readOperatingPoints(bits, timing.delayBits)
  const widthBits = bits.u(4) + 1
  const heightBits = bits.u(4) + 1
  const width = bits.u(widthBits) + 1
  const height = bits.u(heightBits) + 1
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_LUMA) {
    throw malformed(`${width} × ${height} luma samples exceed every level`)
  }
  skipTools(bits)
  const { frameRate } = timing
  return {
    profile,
    levelIdx,
    tier,
    width,
    height,
    ...readColour(bits, profile),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}

/** timing_info and decoder_model_info (§5.5.3, §5.5.4). `delayBits` is there where the second is. */
function readTiming(bits: BitReader): { frameRate?: number; delayBits?: number } {
  const unitsInTick = bits.u(32)
  const timeScale = bits.u(32)
  const equal = bits.flag()
  const ticks = equal ? readUvlc(bits) + 1 : 0
  const frameRate = equal && unitsInTick > 0 && timeScale > 0 ? { frameRate: timeScale / (unitsInTick * ticks) } : {}
  if (!bits.flag()) return frameRate
  const delayBits = bits.u(5) + 1
  bits.skip(32 + 5 + 5)
  return { ...frameRate, delayBits }
}

function readUvlc(bits: BitReader): number {
  let zeros = 0
  while (!bits.flag()) if (++zeros >= 32) throw malformed('a number of more than 32 bits')
  return 2 ** zeros - 1 + bits.u(zeros)
}

/** Level and tier of the first operating point; the others are passed over. */
function readOperatingPoints(bits: BitReader, delayBits: number | undefined): { levelIdx: number; tier: number } {
  const hasDisplayDelay = bits.flag()
  const count = bits.u(5) + 1
  let first = { levelIdx: 0, tier: 0 }
  for (let i = 0; i < count; i++) {
    bits.skip(12) // operating_point_idc
    const levelIdx = bits.u(5)
    const tier = levelIdx > 7 ? bits.u(1) : 0
    if (i === 0) first = { levelIdx, tier }
    if (delayBits !== undefined && bits.flag()) bits.skip(2 * delayBits + 1)
    if (hasDisplayDelay && bits.flag()) bits.skip(4)
  }
  return first
}

/** From frame ids to the restoration filter. */
function skipTools(bits: BitReader): void {
  if (bits.flag()) bits.skip(4 + 3) // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
  bits.skip(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  bits.skip(4) // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
  const hasOrderHint = bits.flag()
  if (hasOrderHint) bits.skip(2) // enable_jnt_comp, enable_ref_frame_mvs
  // seq_choose_screen_content_tools, or what is forced.
  const screenContent = bits.flag() || bits.flag()
  if (screenContent && !bits.flag()) bits.skip(1) // seq_force_integer_mv
  if (hasOrderHint) bits.skip(3) // order_hint_bits_minus_1
  bits.skip(3) // enable_superres, enable_cdef, enable_restoration
}

/** color_config (§5.5.2). */
function readColour(
  bits: BitReader,
  profile: number,
): Omit<Av1SequenceHeader, 'profile' | 'levelIdx' | 'tier' | 'width' | 'height'> {
  const isHigh = bits.flag()
  const bitDepth = !isHigh ? 8 : profile === 2 && bits.flag() ? 12 : 10
  const monochrome = profile !== 1 && bits.flag()
  const isDescribed = bits.flag()
  const primaries = isDescribed ? bits.u(8) : UNSPECIFIED
  const transfer = isDescribed ? bits.u(8) : UNSPECIFIED
  const matrix = isDescribed ? bits.u(8) : UNSPECIFIED
  const isRgb = !monochrome && primaries === BT709 && transfer === SRGB && matrix === IDENTITY
  const fullRange = isRgb || bits.flag()
  const colour = isDescribed ? { colour: { primaries, transfer, matrix, fullRange } } : {}
  const format = { bitDepth, monochrome, ...colour } as const
  if (monochrome) return { ...format, subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 }
  if (isRgb || profile === 1) return { ...format, subsamplingX: 0, subsamplingY: 0, chromaSamplePosition: 0 }
  const subsamplingX = profile === 0 || bitDepth !== 12 ? 1 : bits.u(1)
  const subsamplingY = profile === 0 ? 1 : bitDepth === 12 && subsamplingX === 1 ? bits.u(1) : 0
  const chromaSamplePosition = subsamplingX === 1 && subsamplingY === 1 ? bits.u(2) : 0
  return { ...format, subsamplingX, subsamplingY, chromaSamplePosition }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `av1.sequence: ${what}`, { structure: 'av1.sequence' })
}
