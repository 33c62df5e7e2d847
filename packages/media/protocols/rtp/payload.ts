import { MediaError } from '../../error.ts'
import { RTP_LIMITS } from './limits.ts'
import type { RtpHeader } from './packet.ts'

/**
 * A payload made once for all peers. The bytes in front of it are free, so that each peer's header, whose extensions differ
 * in number and size, is written right before the payload without copying it:
 *
 *     buffer: | free … | header of the last peer | payload |
 *                                                ^ RTP_LIMITS.headroom
 */
export interface RtpPayload {
  /** `RTP_LIMITS.headroom` bytes, then the payload. */
  readonly buffer: Uint8Array
  /** Last packet of an access unit, for video. */
  readonly marker: boolean
}

/** Room for a payload of `length` bytes; the caller fills `buffer` from `RTP_LIMITS.headroom` on. */
export function createPayload(length: number, marker: boolean): RtpPayload {
  return { buffer: new Uint8Array(RTP_LIMITS.headroom + length), marker }
}

/**
 * Writes a peer's header in front of a shared payload and returns the packet as a view: valid until the header of the next
 * peer is written, so whoever sends it copies it (node-datachannel does).
 *
 * @param extensions block of `printHeaderExtensions`; throws `too-large` when it does not fit into the headroom.
 * @param original sequence number that a retransmission had at first: it stands in front of the payload (RFC 4588 §4).
 */
export function writeRtpHeader(
  payload: RtpPayload,
  header: Omit<RtpHeader, 'marker'>,
  extensions: Uint8Array,
  original?: number,
): Uint8Array {
  const { buffer, marker } = payload
  const end = RTP_LIMITS.headroom - (original === undefined ? 0 : 2)
  const at = end - extensions.byteLength - 12
  if (at < 0) throw new MediaError('too-large', `rtp: ${extensions.byteLength} bytes of extensions`)
  const { sequence, timestamp, ssrc } = header
  buffer[at] = extensions.byteLength > 0 ? 0x90 : 0x80
  buffer[at + 1] = (marker ? 0x80 : 0) | (header.payloadType & 0x7f)
  buffer[at + 2] = sequence >> 8
  buffer[at + 3] = sequence
  buffer[at + 4] = timestamp >>> 24
  buffer[at + 5] = timestamp >>> 16
  buffer[at + 6] = timestamp >>> 8
  buffer[at + 7] = timestamp
  buffer[at + 8] = ssrc >>> 24
  buffer[at + 9] = ssrc >>> 16
  buffer[at + 10] = ssrc >>> 8
  buffer[at + 11] = ssrc
  if (extensions.byteLength > 0) buffer.set(extensions, at + 12)
  if (original !== undefined) {
    buffer[end] = original >> 8
    buffer[end + 1] = original
  }
  return buffer.subarray(at)
}
