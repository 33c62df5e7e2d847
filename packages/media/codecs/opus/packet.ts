import { MediaError } from '../../error.ts'

/** Frame lengths in 48 kHz ticks for the four configurations of SILK and the last ones of CELT (RFC 6716 table 2). */
const SILK = [480, 960, 1920, 2880]
const HYBRID = [480, 960]
const CELT = [120, 240, 480, 960]

/**
 * How long an Opus packet is in ticks of 48 kHz, whatever its bandwidth, from its first bytes (RFC 6716 §3.1, §3.2). Throws
 * `truncated` when a byte is missing, `malformed` above 120 ms or for no frames.
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
