import { MediaError } from '../../../error.ts'
import { CONTROL, type ControlHeader, HEADER_BYTES, readU32, writeControlPacket, writeU32 } from './header.ts'

/**
 * Acknowledgement (§3.2.4): everything before `sequence` has come or is given up.
 *
 *     |             Last Acknowledged Packet Sequence Number          |  light ACK ends here
 *     |                              RTT                              |
 *     |                          RTT Variance                         |
 *     |                     Available Buffer Size                     |  small ACK ends here
 *     |                     Packets Receiving Rate                    |
 *     |                     Estimated Link Capacity                   |
 *     |                         Receiving Rate                        |
 */
export interface Ack {
  /** The next packet that is expected. */
  readonly sequence: number
  /** Absent in a light ACK. */
  readonly measured?: {
    /** Microseconds. */
    readonly roundTrip: number
    readonly variance: number
    /** Packets that the receiver has room for. */
    readonly available: number
    /** Packets a second; a small ACK has neither of these. */
    readonly packetRate?: number
    readonly capacity?: number
    /** Bytes a second. */
    readonly byteRate?: number
  }
}

/** @throws MediaError `truncated` */
export function parseAck(packet: Uint8Array): Ack {
  const words = (packet.byteLength - HEADER_BYTES) >> 2
  if (words < 1) throw new MediaError('truncated', 'srt: ACK without a sequence number')
  const word = (index: number) => readU32(packet, HEADER_BYTES + 4 * index)
  const sequence = word(0) & 0x7fffffff
  if (words < 4) return { sequence }
  const measured = { roundTrip: word(1), variance: word(2), available: word(3) }
  if (words < 7) return { sequence, measured }
  return { sequence, measured: { ...measured, packetRate: word(4), capacity: word(5), byteRate: word(6) } }
}

/** @param header `information` counts the full ACKs, 0 for a light one. */
export function writeAck(header: Omit<ControlHeader, 'type' | 'subtype'>, { sequence, measured }: Ack): Uint8Array {
  const values = [sequence]
  if (measured !== undefined) {
    values.push(measured.roundTrip, measured.variance, measured.available)
    if (measured.packetRate !== undefined) {
      values.push(measured.packetRate, measured.capacity ?? 0, measured.byteRate ?? 0)
    }
  }
  const packet = writeControlPacket({ ...header, type: CONTROL.ack, subtype: 0 }, 4 * values.length)
  for (const [index, value] of values.entries()) writeU32(packet, HEADER_BYTES + 4 * index, value)
  return packet
}
