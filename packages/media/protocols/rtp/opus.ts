import { MediaError } from '../../error.ts'
import { RTP_LIMITS } from './limits.ts'
import { createPayload, type RtpPayload } from './payload.ts'

/**
 * One Opus packet is one payload (RFC 7587 §4.2). The marker stays clear: it begins a talkspurt after silence that was not
 * sent (§4.1), and a broadcast sends all of it.
 * Throws `malformed` for an empty packet, `too-large` for one above `maxPayload` bytes, which nothing may split.
 */
export function packetizeOpus(packet: Uint8Array, maxPayload: number): RtpPayload {
  if (packet.byteLength === 0) throw new MediaError('malformed', 'opus: empty packet')
  if (packet.byteLength > maxPayload) throw new MediaError('too-large', `opus: packet of ${packet.byteLength} bytes`)
  const payload = createPayload(packet.byteLength, false)
  payload.buffer.set(packet, RTP_LIMITS.headroom)
  return payload
}

/** Frame lengths in 48 kHz ticks for the four configurations of SILK and the last ones of CELT (RFC 6716 table 2). */
const SILK = [480, 960, 1920, 2880]
const HYBRID = [480, 960]
const CELT = [120, 240, 480, 960]

/**
 * How far an Opus packet moves the RTP clock: its length in ticks of 48 kHz, whatever its bandwidth (RFC 7587 §4.1), from
 * its first bytes (RFC 6716 §3.1, §3.2). Throws `truncated` when a byte is missing, `malformed` above 120 ms or for no frames.
 */
export function opusDuration(packet: Uint8Array): number {
  const toc = packet[0]
  if (toc === undefined) throw new MediaError('truncated', 'opus: empty packet')
  const config = toc >> 3
  const frame = config < 12 ? SILK[config % 4] : config < 16 ? HYBRID[config % 2] : CELT[config % 4]
  const duration = (frame ?? 0) * frameCount(packet, toc & 3)
  if (duration === 0 || duration > 5760) throw new MediaError('malformed', `opus: packet of ${duration} ticks`)
  return duration
}

function frameCount(packet: Uint8Array, code: number): number {
  if (code < 3) return code === 0 ? 1 : 2
  const count = packet[1]
  if (count === undefined) throw new MediaError('truncated', 'opus: frame count is missing')
  return count & 0x3f
}
