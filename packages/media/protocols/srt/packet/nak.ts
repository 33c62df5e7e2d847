import { MediaError } from '../../../error.ts'
import { CONTROL, type ControlHeader, HEADER_BYTES, readU32, writeControlPacket, writeU32 } from './header.ts'

/** First and last sequence number of packets that are missing. */
export interface LossRange {
  readonly first: number
  readonly last: number
}

/** Bit that says: this and the next number are a range (appendix A). */
const RANGE = 0x80000000

/**
 * Loss report (§3.2.5, appendix A).
 *
 *     |0|                   Lost packet sequence number               |  one packet
 *     |1|         Range of lost packets from packet sequence number   |  a range
 *     |0|                    Up to packet sequence number             |
 *
 * @param most entries that are read; what is behind them is left out, for the peer reports again.
 * @throws MediaError `truncated`, or `malformed` for a range without an end
 */
export function parseNak(packet: Uint8Array, most: number): LossRange[] {
  const ranges: LossRange[] = []
  let at = HEADER_BYTES
  if (packet.byteLength < at + 4) throw new MediaError('truncated', 'srt: NAK without a loss list')
  while (at + 4 <= packet.byteLength && ranges.length < most) {
    const word = readU32(packet, at)
    at += 4
    if (word < RANGE) {
      ranges.push({ first: word, last: word })
      continue
    }
    if (at + 4 > packet.byteLength) throw new MediaError('malformed', 'srt: NAK ends within a range')
    ranges.push({ first: word & 0x7fffffff, last: readU32(packet, at) & 0x7fffffff })
    at += 4
  }
  return ranges
}

/** @param ranges as many as a datagram holds: the caller sees to that */
export function writeNak(
  header: Omit<ControlHeader, 'type' | 'subtype' | 'information'>,
  ranges: readonly LossRange[],
) {
  const words = ranges.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0)
  const packet = writeControlPacket({ ...header, type: CONTROL.nak, subtype: 0, information: 0 }, 4 * words)
  let at = HEADER_BYTES
  for (const { first, last } of ranges) {
    writeU32(packet, at, first === last ? first : RANGE | first)
    at += 4
    if (first === last) continue
    writeU32(packet, at, last)
    at += 4
  }
  return packet
}
