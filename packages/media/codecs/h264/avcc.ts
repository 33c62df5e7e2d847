import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { NAL, nalType } from './nal.ts'
import { type H264Sps, parseSps } from './sps.ts'

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1). Parameter sets are NAL units, header byte included. */
export interface AvcC {
  readonly profileIdc: number
  readonly constraints: number
  readonly levelIdc: number
  /** Bytes of the NAL unit lengths in the samples: 1, 2 or 4. */
  readonly lengthSize: number
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
  readonly spsExtensions: readonly Uint8Array[]
}

/**
 * Parses the record. The trailing chroma and bit-depth fields are optional here: many encoders leave them out for High
 * profile, where the specification asks for them. Throws `truncated` or `malformed`.
 */
export function parseAvcC(avcC: Uint8Array): AvcC {
  const reader = new ByteReader(avcC, 'avcC')
  const version = reader.u8()
  if (version !== 1) throw malformed(`configurationVersion is ${version}`)
  const profileIdc = reader.u8()
  const constraints = reader.u8()
  const levelIdc = reader.u8()
  const lengthSize = (reader.u8() & 3) + 1
  if (lengthSize === 3) throw malformed('lengthSizeMinusOne is 2')
  const sps = readSets(reader, reader.u8() & 0x1f, NAL.sps)
  const pps = readSets(reader, reader.u8(), NAL.pps)
  return { profileIdc, constraints, levelIdc, lengthSize, sps, pps, spsExtensions: readExtensions(reader, profileIdc) }
}

/**
 * The record for these parameter sets, with `lengthSizeMinusOne` = 3. Equal sets give equal bytes. Throws `malformed` when
 * there is no parameter set of either kind, too many, or one that is no parameter set.
 */
export function avcCFromParameterSets(
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
  spsExtensions: readonly Uint8Array[] = [],
): Uint8Array {
  const first = sps[0]
  if (first === undefined) throw malformed('no sequence parameter set')
  if (pps.length === 0) throw malformed('no picture parameter set')
  if (sps.length > 31 || pps.length > 255 || spsExtensions.length > 255) throw malformed('too many parameter sets')
  const info = parseSps(first)
  const writer = new ByteWriter()
  writer.u8(1).u8(info.profileIdc).u8(info.constraints).u8(info.levelIdc)
  writer.u8(0xfc | 3).u8(0xe0 | sps.length)
  writeSets(writer, sps, NAL.sps)
  writer.u8(pps.length)
  writeSets(writer, pps, NAL.pps)
  if (hasExtension(info.profileIdc)) writeExtension(writer, info, spsExtensions)
  return writer.finish()
}

/** The record's parameter sets as NAL units with 4-byte lengths, for the front of a sample. Throws as `parseAvcC`. */
export function inBandParameterSets(avcC: Uint8Array): Uint8Array {
  const { sps, pps } = parseAvcC(avcC)
  const writer = new ByteWriter()
  for (const set of [...sps, ...pps]) writer.u32(set.byteLength).bytes(set)
  return writer.finish()
}

/** Profiles that end the record with chroma format and bit depths; later editions name all but 66, 77 and 88. */
function hasExtension(profileIdc: number): boolean {
  return profileIdc === 100 || profileIdc === 110 || profileIdc === 122 || profileIdc === 144 || profileIdc === 244
}

function writeExtension(writer: ByteWriter, info: H264Sps, spsExtensions: readonly Uint8Array[]): void {
  writer.u8(0xfc | info.chromaFormatIdc)
  writer.u8(0xf8 | (info.bitDepthLuma - 8))
  writer.u8(0xf8 | (info.bitDepthChroma - 8))
  writer.u8(spsExtensions.length)
  writeSets(writer, spsExtensions, NAL.spsExtension)
}

function readSets(reader: ByteReader, count: number, type: number): Uint8Array[] {
  const sets: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const set = reader.bytes(reader.u16())
    checkSet(set, type)
    sets.push(set)
  }
  return sets
}

function readExtensions(reader: ByteReader, profileIdc: number): Uint8Array[] {
  if (!hasExtension(profileIdc) || reader.remaining < 4) return []
  reader.skip(3)
  return readSets(reader, reader.u8(), NAL.spsExtension)
}

function writeSets(writer: ByteWriter, sets: readonly Uint8Array[], type: number): void {
  for (const set of sets) {
    checkSet(set, type)
    writer.u16(set.byteLength).bytes(set)
  }
}

function checkSet(set: Uint8Array, type: number): void {
  const found = nalType(set[0] ?? 0)
  if (set.byteLength < 2 || found !== type) {
    throw malformed(`parameter set of type ${found} and ${set.byteLength} bytes instead of type ${type}`)
  }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `avcC: ${what}`, { structure: 'avcC' })
}
