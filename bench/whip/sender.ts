import { parseRtcp, printRtcp } from '@bandstand/media/protocols/rtcp/compound.ts'
import { ntpTime } from '@bandstand/media/protocols/rtcp/report.ts'
import { printHeaderExtensions, transportSequence } from '@bandstand/media/protocols/rtp/header-extension.ts'
import { createPacketHistory, type PacketHistory } from '@bandstand/media/protocols/rtp/history.ts'
import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import { type RtpPayload, writeRtpHeader } from '@bandstand/media/protocols/rtp/payload.ts'
import { pictureBitrate, type RtpClip, type RtpUnit } from './clip.ts'

export type Kind = 'video' | 'audio'

export interface SentSection {
  readonly ssrc: number
  readonly payloadType: number
}

export interface SenderOptions {
  readonly clip: RtpClip
  readonly cname: string
  readonly video: SentSection
  readonly audio: SentSection
  /** Id of the header extension with transport-wide sequence numbers. */
  readonly transportSequence: number
  /** Takes a packet and copies it: the buffer is the next sender's a moment later. */
  readonly write: (kind: Kind, packet: Uint8Array) => void
  /** Unix milliseconds at time 0 of the steady clock. */
  readonly wallClock: number
}

/** What an encoder by WHIP sends: a clip in a loop, at its own pace. Times are ms of a steady clock. */
export interface Sender {
  /** Sends what is due; called every few milliseconds. */
  step(now: number): void
  /** RTCP that came: what is asked for is sent again. */
  hear(datagram: Uint8Array): void
  readonly packets: number
  readonly resent: number
}

interface Packet {
  readonly payload: RtpPayload
  /** 32 bits. */
  readonly timestamp: number
}

interface SentSource extends SentSection {
  readonly kind: Kind
  readonly units: readonly RtpUnit[]
  readonly clockRate: number
  /** What was sent: its numbers without wrapping are the sequence numbers. */
  readonly sent: PacketHistory<Packet>
  /** Which packet is next. */
  round: number
  unit: number
  payload: number
  octets: number
  reportAt: number
}

/** Pictures leave at so many times their rate at most, as browsers do it: a key frame at once would not fit into a socket's buffer. */
const PACING = 2.5
/** ms of that rate that are sent at once at most. */
const BURST = 20
const REPORT_MS = 1_000

export function createSender(options: SenderOptions, begun: number): Sender {
  const { clip, cname, write, wallClock } = options
  const pace = (pictureBitrate(clip) * PACING) / 8_000
  const video = source('video', 90_000)
  const audio = source('audio', 48_000)
  let allowed = 0
  let steppedAt = begun
  let written = 0
  let resent = 0

  function source(kind: Kind, clockRate: number): SentSource {
    return {
      ...options[kind],
      ...{ kind, clockRate, units: clip[kind], sent: createPacketHistory<Packet>(RTP_LIMITS.history) },
      ...{ round: 0, unit: 0, payload: 0, octets: 0, reportAt: begun + REPORT_MS },
    }
  }

  /** @param time ms from the beginning */
  function timestampAt({ clockRate }: SentSource, time: number): number {
    return Math.round((time * clockRate) / 1000) % 2 ** 32
  }

  /** When the next packet is due, ms from the beginning. */
  function due({ round, units, unit }: SentSource): number {
    return round * clip.duration + (units[unit]?.time ?? 0)
  }

  function sendNext(from: SentSource, now: number): number {
    const payloads = from.units[from.unit]?.payloads
    const payload = payloads?.[from.payload]
    if (payload === undefined) throw new Error(`the clip has no ${from.kind}`)
    const packet = { payload, timestamp: timestampAt(from, due(from)) }
    const number = from.sent.add(packet, payload.buffer.byteLength, now)
    from.octets += payload.buffer.byteLength - RTP_LIMITS.headroom
    if (++from.payload === payloads?.length) {
      from.payload = 0
      if (++from.unit === from.units.length) {
        from.unit = 0
        from.round++
      }
    }
    return send(from, number, packet)
  }

  function send({ kind, ssrc, payloadType }: SentSource, number: number, { payload, timestamp }: Packet): number {
    const extension = { id: options.transportSequence, data: transportSequence(written++) }
    const header = { payloadType, sequence: number & 0xffff, timestamp, ssrc }
    const bytes = writeRtpHeader(payload, header, printHeaderExtensions([extension]))
    write(kind, bytes)
    return bytes.byteLength
  }

  /** Both sources say what the same wall clock shows, so that they can be brought together. */
  function report(of: SentSource, now: number): void {
    if (now < of.reportAt || of.sent.next === 0) return
    of.reportAt = now + REPORT_MS
    const { ssrc, octets } = of
    const [packets, rtpTimestamp] = [of.sent.next, timestampAt(of, now - begun)]
    write(
      of.kind,
      printRtcp([
        { type: 'sr', ssrc, ...ntpTime(wallClock + now), rtpTimestamp, packets, octets: octets % 2 ** 32, reports: [] },
        { type: 'sdes', chunks: [{ ssrc, cname }] },
      ]),
    )
  }

  return {
    step(now) {
      const elapsed = now - begun
      while (due(audio) <= elapsed) sendNext(audio, now)
      allowed = Math.min(allowed + (now - steppedAt) * pace, BURST * pace)
      steppedAt = now
      while (allowed > 0 && due(video) <= elapsed) allowed -= sendNext(video, now)
      report(video, now)
      report(audio, now)
    },
    hear(datagram) {
      for (const packet of parseRtcp(datagram)) {
        if (packet.type !== 'nack' || packet.media !== video.ssrc) continue
        for (const sequence of packet.sequences) {
          const { next } = video.sent
          const number = next - 1 - ((next - 1 - sequence) & 0xffff)
          const found = video.sent.get(number)
          if (found === undefined) continue
          resent++
          send(video, number, found)
        }
      }
    },
    get packets() {
      return video.sent.next + audio.sent.next
    },
    get resent() {
      return resent
    },
  }
}
