import { MediaError } from '../../../error.ts'

/** Bytes before the payload of a data packet and the control information of a control packet (§3). */
export const HEADER_BYTES = 16

/** Control types (§3.2, table 1). */
export const CONTROL = {
  handshake: 0,
  keepAlive: 1,
  ack: 2,
  nak: 3,
  congestion: 4,
  shutdown: 5,
  ackAck: 6,
  dropRequest: 7,
  peerError: 8,
  user: 0x7fff,
} as const

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |1|         Control Type        |            Subtype            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                   Type-specific Information                   |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                           Timestamp                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                     Destination Socket ID                     |
 */
export interface ControlHeader {
  readonly type: number
  readonly subtype: number
  /** What it says depends on the type. */
  readonly information: number
  /** Microseconds since the sender's side of the connection began, 32 bits. */
  readonly timestamp: number
  readonly destination: number
}

/** A packet is control or data by its first bit. @param packet of at least `HEADER_BYTES` */
export function isControl(packet: Uint8Array): boolean {
  return (packet[0] as number) >= 0x80
}

/** The socket that a packet is for, 0 in handshakes that no socket answers yet. @param packet of at least `HEADER_BYTES` */
export function destinationOf(packet: Uint8Array): number {
  return readU32(packet, 12)
}

/** Microseconds, 32 bits. @param packet of at least `HEADER_BYTES` */
export function timestampOf(packet: Uint8Array): number {
  return readU32(packet, 8)
}

/** @throws MediaError `truncated`, or `malformed` for a data packet */
export function parseControlHeader(packet: Uint8Array): ControlHeader {
  if (packet.byteLength < HEADER_BYTES) throw new MediaError('truncated', 'srt: packet without a whole header')
  if (!isControl(packet)) throw new MediaError('malformed', 'srt: no control packet')
  return {
    type: readU16(packet, 0) & 0x7fff,
    subtype: readU16(packet, 2),
    information: readU32(packet, 4),
    timestamp: timestampOf(packet),
    destination: destinationOf(packet),
  }
}

/** A control packet with room for `bytes` of control information, which is still zero. */
export function writeControlPacket(header: ControlHeader, bytes: number): Uint8Array {
  const packet = new Uint8Array(HEADER_BYTES + bytes)
  writeU32(packet, 0, ((0x8000 | header.type) << 16) | header.subtype)
  writeU32(packet, 4, header.information)
  writeU32(packet, 8, header.timestamp)
  writeU32(packet, 12, header.destination)
  return packet
}

/** Big-endian without a view: packets come by the thousand. The caller has checked the length. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

/** The lowest 32 bits. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
