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
