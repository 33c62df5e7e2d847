import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { HEVC_NAL, HEVC_NAL_HEADER, hevcLayer, hevcNalType } from './nal.ts'
import { parseHevcSps } from './sps.ts'

/** Parameter sets of a track as NAL units, headers included. */
export interface HevcParameterSets {
  readonly vps: readonly Uint8Array[]
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
  /** SEI messages that hold for all of the stream: mastering display, content light level, preferred transfer. */
  readonly sei: readonly Uint8Array[]
}

/** HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1). */
export interface HvcC extends HevcParameterSets {
  /** Bytes of the NAL unit lengths in the samples: 1, 2 or 4. */
  readonly lengthSize: number
}

/** Sets of each kind that a record keeps: ids of VPS and SPS go to 15, of PPS to 63. */
export const HVCC_LIMITS = { vps: 16, sps: 16, pps: 64, sei: 4, seiBytes: 256 } as const

/** payloadType of SEI messages that a configuration may hold (§8.3.3.1.2, "declarative"). */
const DECLARATIVE = new Set([137, 144, 147])

/** Parses the record. Arrays of other NAL units, and of other layers, are left out. Throws `truncated` or `malformed`. */
export function parseHvcC(hvcC: Uint8Array): HvcC {
  const reader = new ByteReader(hvcC, 'hvcC')
  const version = reader.u8()
  // 0 is what drafts had, and some encoders still write.
  if (version > 1) throw malformed(`configurationVersion is ${version}`)
  reader.skip(20)
  const lengthSize = (reader.u8() & 3) + 1
  if (lengthSize === 3) throw malformed('lengthSizeMinusOne is 2')
  const sets = { vps: [] as Uint8Array[], sps: [] as Uint8Array[], pps: [] as Uint8Array[], sei: [] as Uint8Array[] }
  const arrays = reader.u8()
  for (let i = 0; i < arrays; i++) {
    reader.skip(1) // array_completeness, NAL_unit_type: each unit says it too
    const count = reader.u16()
    for (let j = 0; j < count; j++) sortInto(sets, reader.bytes(reader.u16()))
  }
  return { lengthSize, ...sets }
}

function sortInto(sets: Record<keyof HevcParameterSets, Uint8Array[]>, nal: Uint8Array): void {
  if (nal.byteLength <= HEVC_NAL_HEADER || hevcLayer(nal[0] ?? 0, nal[1] ?? 0) !== 0) return
  const type = hevcNalType(nal[0] ?? 0)
  const kind = type === HEVC_NAL.vps ? 'vps' : type === HEVC_NAL.sps ? 'sps' : type === HEVC_NAL.pps ? 'pps' : undefined
  if (kind !== undefined) {
    if (sets[kind].push(nal) > HVCC_LIMITS[kind]) throw malformed(`too many parameter sets of type ${type}`)
  } else if (isDeclarative(nal) && sets.sei.length < HVCC_LIMITS.sei) sets.sei.push(nal)
}

function isDeclarative(nal: Uint8Array): boolean {
  const isShort = nal.byteLength <= HVCC_LIMITS.seiBytes
  return isShort && hevcNalType(nal[0] ?? 0) === HEVC_NAL.prefixSei && DECLARATIVE.has(nal[HEVC_NAL_HEADER] ?? 0)
}

/**
 * The record for these parameter sets, with `lengthSizeMinusOne` = 3. Equal sets give equal bytes. Throws `malformed` when a kind is
 * missing, there are too many, or one is no parameter set; as `parseHevcSps` for the first sequence parameter set.
 */
export function hvcCFromParameterSets(
  sets: Omit<HevcParameterSets, 'sei'> & Partial<Pick<HevcParameterSets, 'sei'>>,
): Uint8Array {
  const { vps, sps, pps, sei = [] } = sets
  const first = sps[0]
  if (first === undefined) throw malformed('no sequence parameter set')
  if (vps.length === 0) throw malformed('no video parameter set')
  if (pps.length === 0) throw malformed('no picture parameter set')
  const info = parseHevcSps(first)
  const { profile } = info
  const writer = new ByteWriter()
  writer.u8(1).u8((profile.space << 6) | (profile.tier << 5) | profile.idc)
  writer.u32(profile.compatibility).bytes(Uint8Array.from(profile.constraints)).u8(profile.levelIdc)
  writer.u16(0xf000) // min_spatial_segmentation_idc: unknown
  writer.u8(0xfc) // parallelismType: unknown
  writer.u8(0xfc | info.chromaFormatIdc)
  writer.u8(0xf8 | Math.min(7, info.bitDepthLuma - 8)).u8(0xf8 | Math.min(7, info.bitDepthChroma - 8))
  writer.u16(0) // avgFrameRate: unspecified
  writer.u8((info.subLayers << 3) | (info.temporalIdNesting ? 4 : 0) | 3)
  const arrays = [
    [HEVC_NAL.vps, vps, HVCC_LIMITS.vps],
    [HEVC_NAL.sps, sps, HVCC_LIMITS.sps],
    [HEVC_NAL.pps, pps, HVCC_LIMITS.pps],
    [HEVC_NAL.prefixSei, sei, HVCC_LIMITS.sei],
  ] as const
  writer.u8(arrays.filter(([, nals]) => nals.length > 0).length)
  for (const [type, nals, most] of arrays) {
    if (nals.length === 0) continue
    if (nals.length > most) throw malformed(`${nals.length} units of type ${type}, at most ${most}`)
    // Complete: for `hvc1` no parameter set may be in the samples. SEI messages may repeat there.
    writer.u8((type === HEVC_NAL.prefixSei ? 0 : 0x80) | type).u16(nals.length)
    for (const nal of nals) {
      const found = hevcNalType(nal[0] ?? 0)
      if (nal.byteLength <= HEVC_NAL_HEADER || found !== type) throw malformed(`type ${found} instead of ${type}`)
      writer.u16(nal.byteLength).bytes(nal)
    }
  }
  return writer.finish()
}

/** The record's parameter sets as NAL units with 4-byte lengths, for the front of a sample. Throws as `parseHvcC`. */
export function hevcInBandParameterSets(hvcC: Uint8Array): Uint8Array {
  const { vps, sps, pps, sei } = parseHvcC(hvcC)
  const writer = new ByteWriter()
  for (const set of [...vps, ...sps, ...pps, ...sei]) writer.u32(set.byteLength).bytes(set)
  return writer.finish()
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `hvcC: ${what}`, { structure: 'hvcC' })
}
