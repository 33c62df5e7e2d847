import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import { writeRtpHeader } from '@bandstand/media/protocols/rtp/payload.ts'
import type { AnsweredMedia } from '../messages.ts'
import type { ExtensionBlocks } from './extensions.ts'
import type { SharedPacket } from './packet-track.ts'

/** One source of RTP as one viewer gets it. */
export interface RtpSource {
  readonly ssrc: number
  readonly media: AnsweredMedia
  /** Added to the source's timestamps (RFC 3550 §5.1: random). */
  readonly timestampOffset: number
  /** First sequence number, 16 bits. */
  readonly firstSequence: number
}

/** Writes packets of one source and counts them for its sender reports. */
export interface RtpSender {
  readonly source: RtpSource
  readonly packets: number
  /** Payload bytes. */
  readonly octets: number
  /** @param sequence not wrapped. @param timestamp on the source's clock, not wrapped. Returns the bytes sent. */
  send(packet: SharedPacket, sequence: number, timestamp: number, now: number): number
}

/** @param write takes the packet and copies it: the buffer is the next viewer's a moment later. */
export function createRtpSender(
  source: RtpSource,
  extensions: ExtensionBlocks,
  write: (packet: Uint8Array) => void,
): RtpSender {
  const { ssrc, media, timestampOffset } = source
  let packets = 0
  let octets = 0
  return {
    source,
    get packets() {
      return packets
    },
    get octets() {
      return octets
    },
    send(packet, sequence, timestamp, now) {
      const header = {
        payloadType: media.payloadType,
        sequence: sequence & 0xffff,
        timestamp: wrap(timestamp + timestampOffset),
        ssrc,
      }
      const bytes = writeRtpHeader(packet.payload, header, extensions.of(media, now))
      write(bytes)
      packets++
      octets += packet.payload.buffer.byteLength - RTP_LIMITS.headroom
      return bytes.byteLength
    },
  }
}

/** To 32 bits; also beyond what bitwise operators take. */
export function wrap(value: number): number {
  return ((Math.round(value) % 2 ** 32) + 2 ** 32) % 2 ** 32
}
