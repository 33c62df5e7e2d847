import { concatBytes } from '../../bytes/bytes.ts'
import type { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { FLV_LIMITS } from './limits.ts'

/**
 * What the extended headers of video and audio have in common (Enhanced RTMP v2, "ExVideoTagHeader", "ExAudioTagHeader"):
 *
 * ```
 * | … packet type 4 |
 * while packet type = ModEx:      | size − 1  8 | [size − 1  16, where the 8 bits say 256] | data | kind 4 | packet type 4 |
 * where packet type = Multitrack: | multitrack type 4 | packet type 4 | [FourCC 32] |
 *                                 then for each track | [FourCC 32] | track 8 | [size 24] | data |
 * else                            | FourCC 32 | data |
 * ```
 */
export const MOD_EX = 7
/** The one kind of `ModEx`: 24 bits of nanoseconds. */
const TIMESTAMP_OFFSET_NANO = 0
const MAX_NANOS = 999_999

/** `AvMultitrackType`. */
const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const

/** What one tag holds of one track. */
export interface TrackPart {
  readonly fourCc: number
  /** 0 outside of multitrack. */
  readonly track: number
  /** A view. */
  readonly data: Uint8Array
}

export interface EnhancedHeader {
  readonly packetType: number
  /** To be added to the tag's timestamp, 0 to 999 999 ns. */
  readonly nanos: number
}

/** Reads the run of `ModEx` signals; kinds that are not known are passed over. @throws MediaError `truncated`, `too-large`. */
export function readModifiers(reader: ByteReader, packetType: number): EnhancedHeader {
  let type = packetType
  let nanos = 0
  for (let count = 0; type === MOD_EX; count++) {
    if (count === FLV_LIMITS.modifiers) {
      throw new MediaError('too-large', `${reader.structure}: more than ${count} ModEx signals`, reader.context())
    }
    let size = reader.u8() + 1
    if (size === 256) size = reader.u16() + 1
    const data = reader.bytes(size)
    const next = reader.u8()
    type = next & 15
    if (next >> 4 === TIMESTAMP_OFFSET_NANO && size >= 3) nanos = Math.min(MAX_NANOS, u24(data))
  }
  return { packetType: type, nanos }
}

/** The parts behind a `Multitrack` packet type. @throws MediaError `truncated`, `malformed`, `too-large`. */
export function readMultitrack(
  reader: ByteReader,
  multitrack: number,
): { readonly packetType: number; readonly parts: readonly TrackPart[] } {
  const at = reader.offset
  const first = reader.u8()
  const type = first >> 4
  const packetType = first & 15
  // "This fetch MUST not result in a …PacketType.Multitrack"; ModEx has its place before.
  if (type > MultitrackType.manyTracksManyCodecs || packetType === multitrack || packetType === MOD_EX) {
    const what = `multitrack type ${type}, packet type ${packetType}`
    throw new MediaError('malformed', `${reader.structure}: ${what}`, reader.context(at))
  }
  const isOfManyCodecs = type === MultitrackType.manyTracksManyCodecs
  let fourCc = isOfManyCodecs ? 0 : reader.u32()
  const parts: TrackPart[] = []
  do {
    if (parts.length === FLV_LIMITS.tracksPerTag) {
      throw new MediaError('too-large', `${reader.structure}: more than ${parts.length} tracks`, reader.context())
    }
    if (isOfManyCodecs) fourCc = reader.u32()
    const track = reader.u8()
    const data = type === MultitrackType.oneTrack ? reader.rest() : reader.bytes(reader.u24())
    parts.push({ fourCc, track, data })
  } while (reader.remaining > 0)
  return { packetType, parts }
}

export interface EnhancedTag extends EnhancedHeader {
  /** What is in front of the packet type in the first byte, in place. */
  readonly lead: number
  /** Packet type that says "multitrack". */
  readonly multitrack: number
  /** One, or several of tracks whose packet type is the same. */
  readonly parts: readonly TrackPart[]
}

/**
 * A tag with extended header. One part of track 0 goes without multitrack; several say FourCC and size as seldom as they can.
 *
 * @throws MediaError `malformed` for what no field can hold, `too-large` for too many tracks.
 */
export function printEnhanced({ lead, packetType, nanos, multitrack, parts }: EnhancedTag): Uint8Array {
  const [first] = parts
  if (first === undefined) throw new MediaError('malformed', 'flv: a tag of no track')
  if (parts.length > FLV_LIMITS.tracksPerTag) throw new MediaError('too-large', `flv: ${parts.length} tracks in a tag`)
  const isMultitrack = parts.length > 1 || first.track !== 0
  const outer = isMultitrack ? multitrack : packetType
  const head = new ByteWriter(16)
  if (nanos === 0) head.u8(lead | outer)
  else {
    head.u8(lead | MOD_EX)
    head.u8(2).u24(nanos)
    head.u8((TIMESTAMP_OFFSET_NANO << 4) | outer)
  }
  if (!isMultitrack) return concatBytes([head.u32(first.fourCc).finish(), first.data])
  const isOfManyCodecs = parts.some(({ fourCc }) => fourCc !== first.fourCc)
  const { oneTrack, manyTracks, manyTracksManyCodecs } = MultitrackType
  const type = isOfManyCodecs ? manyTracksManyCodecs : parts.length > 1 ? manyTracks : oneTrack
  head.u8((type << 4) | packetType)
  if (!isOfManyCodecs) head.u32(first.fourCc)
  const pieces = [head.finish()]
  for (const { fourCc, track, data } of parts) {
    const own = new ByteWriter(8)
    if (isOfManyCodecs) own.u32(fourCc)
    own.u8(track)
    if (type !== oneTrack) own.u24(data.byteLength)
    pieces.push(own.finish(), data)
  }
  return concatBytes(pieces)
}

function u24(data: Uint8Array): number {
  return ((data[0] ?? 0) << 16) | ((data[1] ?? 0) << 8) | (data[2] ?? 0)
}
