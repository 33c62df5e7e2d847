import { createPacketHistory } from '@bandstand/media/protocols/rtp/history.ts'
import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import type { RtpPayload } from '@bandstand/media/protocols/rtp/payload.ts'
import { PEER_LIMITS } from '../limits.ts'

/** A packet made once for all viewers of its stream. */
export interface SharedPacket {
  readonly payload: RtpPayload
  /** On the broadcast's clock, in the track's RTP ticks, not wrapped. */
  readonly timestamp: number
  /** Counts the track's pictures or frames of sound. */
  readonly frame: number
}

/**
 * The packets of one track, numbered without wrapping: those of the newest group of pictures for viewers that come, and the
 * newest seconds for resends.
 */
export interface PacketTrack {
  /** @param key a decoder may begin here. Returns the first packet's number. */
  add(payloads: readonly RtpPayload[], timestamp: number, key: boolean, now: number): number
  /** `undefined` for a packet that is not kept any more, or not there yet. */
  get(number: number): SharedPacket | undefined
  /** First packet of the newest key frame; `undefined` where its group is not kept. */
  readonly key: number | undefined
  /**
   * By which the newest picture is later than its key frame, and the newest key frame later than the one before; 0 where there are not
   * two. In milliseconds of the stream: pictures come in bursts, the first ones always.
   */
  readonly age: number
  readonly keyDistance: number
  /** Number the next packet gets. */
  readonly next: number
  readonly newest: SharedPacket | undefined
  /** Bits a second of the stream's own time, over the newest whole groups, or what there is of the first one; 0 before there are two pictures. */
  readonly rate: number
}

/** Pictures over which a rate is measured. */
interface Span {
  readonly from: number
  to: number
  pictures: number
  bytes: number
}

/** Milliseconds that whole groups must have before they tell the rate: short ones are all key frame. */
const RATE_SPAN = 1_000
/** The first pictures are looked at as if they had at least so many. */
const RATE_LEAST = 500

/** @param clockRate ticks a second of its timestamps. */
export function createPacketTrack(clockRate: number): PacketTrack {
  const history = createPacketHistory<SharedPacket>(RTP_LIMITS.history)
  let group: SharedPacket[] = []
  let groupBytes = 0
  let groupStart: number | undefined
  let keyTime: number | undefined
  let keyDistance = 0
  let frame = -1
  let newest: SharedPacket | undefined
  let span: Span | undefined
  let whole = 0
  const ms = (ticks: number) => Math.max(0, (ticks * 1000) / clockRate)

  /** The last picture lasts as long as the others. */
  function lengthOf({ from, to, pictures }: Span): number {
    return pictures < 2 ? 0 : (ms(to - from) * pictures) / (pictures - 1)
  }

  function begin(timestamp: number): void {
    keyDistance = keyTime === undefined ? 0 : ms(timestamp - keyTime)
    keyTime = timestamp
    const length = span === undefined ? RATE_SPAN : lengthOf(span)
    if (length >= RATE_SPAN || (span !== undefined && timestamp < span.to)) {
      if (span !== undefined && length >= RATE_SPAN) whole = (span.bytes * 8000) / length
      span = { from: timestamp, to: timestamp, pictures: 0, bytes: 0 }
    }
    group = []
    groupBytes = 0
    groupStart = history.next
  }

  return {
    add(payloads, timestamp, key, now) {
      const first = history.next
      if (payloads.length === 0) return first
      if (key) begin(timestamp)
      frame++
      if (span !== undefined) {
        span.to = timestamp
        span.pictures++
      }
      for (const payload of payloads) {
        const packet = { payload, timestamp, frame }
        const bytes = payload.buffer.byteLength
        history.add(packet, bytes, now)
        newest = packet
        if (span !== undefined) span.bytes += bytes
        if (groupStart === undefined) continue
        group.push(packet)
        groupBytes += bytes
      }
      if (groupBytes > PEER_LIMITS.groupBytes || group.length > PEER_LIMITS.groupPackets) {
        group = []
        groupBytes = 0
        groupStart = undefined
      }
      return first
    },
    get(number) {
      return (groupStart === undefined ? undefined : group[number - groupStart]) ?? history.get(number)
    },
    get key() {
      return groupStart
    },
    get age() {
      return keyTime === undefined || newest === undefined ? 0 : ms(newest.timestamp - keyTime)
    },
    get keyDistance() {
      return keyDistance
    },
    get next() {
      return history.next
    },
    get newest() {
      return newest
    },
    get rate() {
      if (whole > 0 || span === undefined || span.pictures < 2) return whole
      return (span.bytes * 8000) / Math.max(RATE_LEAST, lengthOf(span))
    },
  }
}
