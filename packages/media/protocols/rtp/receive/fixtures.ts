import type { RtpPacket } from '../packet.ts'

/** A packet as it was read. */
export function packet(sequence: number, payload: Uint8Array, timestamp = 0, marker = false): RtpPacket {
  return {
    marker,
    payloadType: 96,
    sequence: sequence & 0xffff,
    timestamp,
    ssrc: 1,
    csrcs: [],
    extensions: [],
    payload,
  }
}

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
