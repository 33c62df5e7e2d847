import { MediaError } from '../../../error.ts'
import { CONTROL, type ControlHeader, HEADER_BYTES, readU32, writeControlPacket, writeU32 } from './header.ts'
import type { LossRange } from './nak.ts'

/**
 * Message drop request (§3.2.9): the sender has given these packets up and will not send them again. `information` of the
 * header is the message number, 0 where only the packets are known.
 *
 *     |                   First Packet Sequence Number                |
 *     |                    Last Packet Sequence Number                |
 *
 * @throws MediaError `truncated`
 */
export function parseDropRequest(packet: Uint8Array): LossRange {
  if (packet.byteLength < HEADER_BYTES + 8) throw new MediaError('truncated', 'srt: drop request without its range')
  return { first: readU32(packet, HEADER_BYTES) & 0x7fffffff, last: readU32(packet, HEADER_BYTES + 4) & 0x7fffffff }
}

export function writeDropRequest(header: Omit<ControlHeader, 'type' | 'subtype'>, range: LossRange): Uint8Array {
  const packet = writeControlPacket({ ...header, type: CONTROL.dropRequest, subtype: 0 }, 8)
  writeU32(packet, HEADER_BYTES, range.first)
  writeU32(packet, HEADER_BYTES + 4, range.last)
  return packet
}
