import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import { type HeaderExtension, parseHeaderExtensions } from './header-extension.ts'

/**
 * What differs from peer to peer in a packet that all of them share (RFC 3550 §5.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *     |                           timestamp                           |
 *     |           synchronization source (SSRC) identifier            |
 */
export interface RtpHeader {
  readonly marker: boolean
  /** 0 to 127. */
  readonly payloadType: number
  /** 16 bits. */
  readonly sequence: number
  /** 32 bits, in ticks of the payload's clock. */
  readonly timestamp: number
  readonly ssrc: number
}

export interface RtpPacket extends RtpHeader {
  readonly csrcs: readonly number[]
  readonly extensions: readonly HeaderExtension[]
  /** Without padding; a view on the packet. */
  readonly payload: Uint8Array
}

/**
 * Whether a datagram on a transport with RTP and RTCP is RTCP: packet types 192 to 223 (RFC 5761 §4). False for less than
 * two bytes.
 */
export function isRtcp(datagram: Uint8Array): boolean {
  const type = datagram[1] ?? 0
  return type >= 192 && type <= 223
}

/** Reads one packet. Throws `truncated` or `malformed`. */
export function parseRtp(data: Uint8Array): RtpPacket {
  const reader = new ByteReader(data, 'rtp')
  const first = reader.u8()
  if (first >> 6 !== 2) throw new MediaError('malformed', `rtp: version ${first >> 6}`, reader.context(0))
  const second = reader.u8()
  const header = { marker: second >= 0x80, payloadType: second & 0x7f, sequence: reader.u16() }
  const timestamp = reader.u32()
  const ssrc = reader.u32()
  const csrcs = Array.from({ length: first & 15 }, () => reader.u32())
  const extensions = (first & 0x10) === 0 ? [] : readExtensions(reader)
  const payload = reader.rest()
  const padding = (first & 0x20) === 0 ? 0 : (payload.at(-1) ?? 0)
  if ((first & 0x20) !== 0 && (padding === 0 || padding > payload.byteLength)) {
    throw new MediaError('malformed', `rtp: padding of ${padding} bytes in ${payload.byteLength}`, reader.context(0))
  }
  return { ...header, timestamp, ssrc, csrcs, extensions, payload: payload.subarray(0, payload.byteLength - padding) }
}

function readExtensions(reader: ByteReader): readonly HeaderExtension[] {
  const profile = reader.u16()
  return parseHeaderExtensions(profile, reader.bytes(reader.u16() * 4))
}
