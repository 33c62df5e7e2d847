import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import type { ColourDescription } from '../colour.ts'

/** VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding), which VP8 and VP9 share. */
export interface VpcC {
  readonly profile: number
  /** Ten times the level: 31 is 3.1. */
  readonly level: number
  readonly bitDepth: number
  /** 0 4:2:0 vertical, 1 4:2:0 collocated, 2 4:2:2, 3 4:4:4. */
  readonly chromaSubsampling: number
  readonly colour: ColourDescription
}

/** Parses the record, without the full box's version and flags. Throws `truncated`, `malformed`. */
export function parseVpcC(vpcC: Uint8Array): VpcC {
  const reader = new ByteReader(vpcC, 'vpcC')
  const profile = reader.u8()
  const level = reader.u8()
  const packed = reader.u8()
  const colour = { primaries: reader.u8(), transfer: reader.u8(), matrix: reader.u8(), fullRange: (packed & 1) === 1 }
  const bitDepth = packed >> 4
  if (profile > 3 || ![8, 10, 12].includes(bitDepth)) {
    throw new MediaError('malformed', `vpcC: profile ${profile}, ${bitDepth} bits`, { structure: 'vpcC' })
  }
  return { profile, level, bitDepth, chromaSubsampling: (packed >> 1) & 7, colour }
}

/** The record without codec initialisation data, of which VP8 and VP9 have none. */
export function writeVpcC({ profile, level, bitDepth, chromaSubsampling, colour }: VpcC): Uint8Array {
  return new ByteWriter(8)
    .u8(profile)
    .u8(level)
    .u8((bitDepth << 4) | (chromaSubsampling << 1) | (colour.fullRange ? 1 : 0))
    .u8(colour.primaries)
    .u8(colour.transfer)
    .u8(colour.matrix)
    .u16(0)
    .finish()
}

/** RFC 6381 string, for example `vp09.00.31.08`. */
export function vpCodecString(fourcc: 'vp08' | 'vp09', { profile, level, bitDepth }: VpcC): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${fourcc}.${two(profile)}.${two(level)}.${two(bitDepth)}`
}

/** Luma samples a second and a picture of a level (VP9 Bitstream Overview, annex A), and the longest side. */
const LEVELS: readonly (readonly [level: number, perSecond: number, perPicture: number, side: number])[] = [
  [10, 829_440, 36_864, 512],
  [11, 2_764_800, 73_728, 768],
  [20, 4_608_000, 122_880, 960],
  [21, 9_216_000, 245_760, 1_344],
  [30, 20_736_000, 552_960, 2_048],
  [31, 36_864_000, 983_040, 2_752],
  [40, 83_558_400, 2_228_224, 4_160],
  [41, 160_432_128, 2_228_224, 4_160],
  [50, 311_951_360, 8_912_896, 8_384],
  [51, 588_251_136, 8_912_896, 8_384],
  [52, 1_176_502_272, 8_912_896, 8_384],
  [60, 1_176_502_272, 35_651_584, 16_832],
  [61, 2_353_004_544, 35_651_584, 16_832],
]
/** Where no frame rate is known: what is declared too high is played, what is declared too low may not be. */
const FAST = 60

/** Smallest level that allows these pictures; 6.2 where none does. */
export function vpLevel(width: number, height: number, frameRate: number = FAST): number {
  const luma = width * height
  const found = LEVELS.find(
    ([, perSecond, perPicture, side]) =>
      luma * frameRate <= perSecond && luma <= perPicture && width <= side && height <= side,
  )
  return found?.[0] ?? 62
}
