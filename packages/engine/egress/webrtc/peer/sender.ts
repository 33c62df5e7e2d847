import { printHeaderExtensions, transportSequence } from '@bandstand/media/protocols/rtp/header-extension.ts'
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
  /** Where the viewer takes what is sent again as a stream of its own. */
  readonly retransmission?: { readonly payloadType: number; readonly ssrc: number; readonly firstSequence: number }
}

/** Writes packets of one source and counts them for its sender reports. */
export interface RtpSender {
  readonly source: RtpSource
  readonly packets: number
  /** Payload bytes. */
  readonly octets: number
  /** Packets of the stream of retransmissions: they are none of this source (RFC 4588 §4). */
  readonly retransmitted: number
  /** @param sequence not wrapped. @param timestamp on the source's clock, not wrapped. Returns the bytes sent. */
  send(packet: SharedPacket, sequence: number, timestamp: number, now: number): number
  /** The same again. @param transportSequence of a probe, which needs a stream of retransmissions and the extension. */
  resend(packet: SharedPacket, sequence: number, timestamp: number, now: number, transportSequence?: number): number
}

/** @param write takes the packet and copies it: the buffer is the next viewer's a moment later. */
export function createRtpSender(
  source: RtpSource,
  extensions: ExtensionBlocks,
  write: (packet: Uint8Array) => void,
): RtpSender {
  const { ssrc, media, timestampOffset, retransmission } = source
  let packets = 0
  let octets = 0
  let retransmitted = 0

  function send(packet: SharedPacket, sequence: number, timestamp: number, now: number): number {
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
  }

  return {
    source,
    get packets() {
      return packets
    },
    get octets() {
      return octets
    },
    get retransmitted() {
      return retransmitted
    },
    send,
    resend(packet, sequence, timestamp, now, transport) {
      if (retransmission === undefined) return send(packet, sequence, timestamp, now)
      const header = {
        payloadType: retransmission.payloadType,
        sequence: (retransmission.firstSequence + retransmitted) & 0xffff,
        timestamp: wrap(timestamp + timestampOffset),
        ssrc: retransmission.ssrc,
      }
      const probe = { id: media.transportSequence ?? 0, data: transportSequence(transport ?? 0) }
      const block = transport === undefined ? extensions.of(media, now) : printHeaderExtensions([probe])
      const bytes = writeRtpHeader(packet.payload, header, block, sequence & 0xffff)
      write(bytes)
      retransmitted++
      return bytes.byteLength
    },
  }
}

/** To 32 bits; also beyond what bitwise operators take. */
export function wrap(value: number): number {
  return ((Math.round(value) % 2 ** 32) + 2 ** 32) % 2 ** 32
}
