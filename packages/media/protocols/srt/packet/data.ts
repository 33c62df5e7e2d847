import { HEADER_BYTES, readU32, writeU32 } from './header.ts'

/**
 * Data packet (§3.1). Its fields are read one by one and no object is made of it: there are hundreds a second of each caller.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |0|                    Packet Sequence Number                   |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |P P|O|K K|R|                   Message Number                  |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                           Timestamp                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                     Destination Socket ID                     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                             Data                              |
 */
export interface DataPacket {
  readonly sequence: number
  /** Which key it is encrypted with: 0 none, 1 even, 2 odd. */
  readonly key: number
  /** 26 bits. */
  readonly message: number
  /** Microseconds, 32 bits. */
  readonly timestamp: number
  readonly destination: number
  readonly payload: Uint8Array
}

/** Bit "retransmitted" within the fifth byte. */
const RETRANSMITTED = 0x04

/** All of these take a packet of at least `HEADER_BYTES`. */
export function sequenceOf(packet: Uint8Array): number {
  return readU32(packet, 0)
}

/** 0 none, 1 even, 2 odd; 3 is not allowed in data packets. */
export function keyOf(packet: Uint8Array): number {
  return ((packet[4] as number) >> 3) & 3
}

export function isRetransmitted(packet: Uint8Array): boolean {
  return ((packet[4] as number) & RETRANSMITTED) !== 0
}

/** A view: the packet stays in memory with it. */
export function payloadOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(HEADER_BYTES)
}

/** A whole message in one packet, as live mode has them (§4.2: PP is 11). */
export function writeDataPacket(data: DataPacket): Uint8Array {
  const packet = new Uint8Array(HEADER_BYTES + data.payload.byteLength)
  writeU32(packet, 0, data.sequence)
  writeU32(packet, 4, 0xc0000000 | (data.key << 27) | data.message)
  writeU32(packet, 8, data.timestamp)
  writeU32(packet, 12, data.destination)
  packet.set(data.payload, HEADER_BYTES)
  return packet
}

/** Says that this packet is sent again. */
export function markRetransmitted(packet: Uint8Array): void {
  packet[4] = (packet[4] as number) | RETRANSMITTED
}
