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
  /** When the newest key frame came, and the time between the two newest, milliseconds; 0 when there were not two. */
  readonly keyAt: number | undefined
  readonly keyDistance: number
  /** Number the next packet gets. */
  readonly next: number
  readonly newest: SharedPacket | undefined
  /** Bits a second over the newest group. */
  readonly rate: number
}

export function createPacketTrack(): PacketTrack {
  const history = createPacketHistory<SharedPacket>(RTP_LIMITS.history)
  let group: SharedPacket[] = []
  let groupBytes = 0
  let groupStart: number | undefined
  let keyAt: number | undefined
  let keyDistance = 0
  let frame = -1
  let newest: SharedPacket | undefined
  let rate = 0
  let begunBytes = 0

  function begin(now: number): void {
    if (keyAt !== undefined) {
      keyDistance = now - keyAt
      if (keyDistance > 0) rate = (begunBytes * 8000) / keyDistance
    }
    keyAt = now
    begunBytes = 0
    group = []
    groupBytes = 0
    groupStart = history.next
  }

  return {
    add(payloads, timestamp, key, now) {
      const first = history.next
      if (payloads.length === 0) return first
      if (key) begin(now)
      frame++
      for (const payload of payloads) {
        const packet = { payload, timestamp, frame }
        const bytes = payload.buffer.byteLength
        history.add(packet, bytes, now)
        newest = packet
        begunBytes += bytes
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
    get keyAt() {
      return keyAt
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
      return rate
    },
  }
}
