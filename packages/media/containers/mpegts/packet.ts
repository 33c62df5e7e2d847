/** Bytes of a transport packet (ISO/IEC 13818-1 §2.4.3.2). */
export const PACKET = 188
export const SYNC = 0x47
/** PID of stuffing packets. */
export const NULL_PID = 0x1fff

/**
 * Header of one transport packet. One object is used for all packets of a demuxer: there are thousands a second.
 *
 * ```
 * | sync 0x47 8 | error 1 | start 1 | priority 1 | PID 13 | scrambling 2 | adaptation 1 | payload 1 | counter 4 |
 * adaptation field: | length 8 | discontinuity 1 | random access 1 | … PCR flag (0x10) … | PCR base 33 | 6 | extension 9 | … |
 * ```
 */
export interface TsPacket {
  pid: number
  /** transport_error_indicator, or an adaptation field that cannot be: the payload is not to be trusted. */
  damaged: boolean
  /** payload_unit_start_indicator. */
  start: boolean
  scrambled: boolean
  counter: number
  /** discontinuity_indicator: counters and clock may begin anew here. */
  discontinuity: boolean
  /** The payload, in the bytes that were parsed; nothing when equal. */
  from: number
  to: number
}

export function emptyPacket(): TsPacket {
  return {
    pid: NULL_PID,
    damaged: false,
    start: false,
    scrambled: false,
    counter: 0,
    discontinuity: false,
    from: 0,
    to: 0,
  }
}

/** Reads the header of the packet at `at` into `packet`. All 188 bytes must be there. */
export function parsePacket(data: Uint8Array, at: number, packet: TsPacket): void {
  const second = data[at + 1] ?? 0
  const fourth = data[at + 3] ?? 0
  packet.pid = ((second & 0x1f) << 8) | (data[at + 2] ?? 0)
  packet.damaged = (second & 0x80) !== 0
  packet.start = (second & 0x40) !== 0
  packet.scrambled = (fourth & 0xc0) !== 0
  packet.counter = fourth & 15
  packet.discontinuity = false
  packet.to = at + PACKET
  packet.from = at + 4
  if ((fourth & 0x20) !== 0) {
    const length = data[at + 4] ?? 0
    packet.discontinuity = length > 0 && ((data[at + 5] ?? 0) & 0x80) !== 0
    packet.from += 1 + length
    if (packet.from > packet.to) {
      packet.damaged = true
      packet.from = packet.to
    }
  }
  if ((fourth & 0x10) === 0) packet.from = packet.to
}
