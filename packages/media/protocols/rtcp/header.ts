import { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'

/** Packet types: RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2. */
export const RTCP_TYPE = { sr: 200, rr: 201, sdes: 202, bye: 203, rtpfb: 205, psfb: 206, xr: 207 } as const

/** One packet of a compound, its body not yet read. */
export interface RtcpFrame {
  /** Five bits whose meaning is the packet type's: a count or a feedback format. */
  readonly count: number
  readonly type: number
  /** Reader over the body, padding left out. */
  readonly body: ByteReader
}

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|  count  |      type     |   length in words - 1         |
 */
export function readFrame(reader: ByteReader): RtcpFrame {
  const at = reader.offset
  const first = reader.u8()
  if (first >> 6 !== 2) throw new MediaError('malformed', `rtcp: version ${first >> 6}`, reader.context(at))
  const type = reader.u8()
  const bytes = reader.bytes(reader.u16() * 4)
  const padding = (first & 0x20) === 0 ? 0 : (bytes.at(-1) ?? 0)
  if ((first & 0x20) !== 0 && (padding === 0 || padding > bytes.byteLength)) {
    throw new MediaError('malformed', `rtcp: padding of ${padding} bytes`, reader.context(at))
  }
  const body = new ByteReader(bytes.subarray(0, bytes.byteLength - padding), `rtcp.${type}`)
  return { count: first & 31, type, body }
}

/** Writes one packet: the body, filled up with zeros to whole words, behind its header. `count` must fit into five bits. */
export function writeFrame(writer: ByteWriter, count: number, type: number, write: () => void): void {
  if (!(count >= 0 && count <= 31)) throw new MediaError('malformed', `rtcp: count of ${count}`)
  const at = writer.length
  writer.u32(0)
  write()
  while (writer.length % 4 !== 0) writer.u8(0)
  writer.patchU32(at, (0x80 | count) * 0x1000000 + type * 0x10000 + (writer.length - at) / 4 - 1)
}
