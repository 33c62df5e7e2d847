import type { RtpPacket } from '@bandstand/media/protocols/rtp/packet.ts'
import type { SourceClock } from '@bandstand/media/protocols/rtp/receive/clock.ts'
import type { Depacketizer } from '@bandstand/media/protocols/rtp/receive/depacketizer.ts'
import { createFrames } from '@bandstand/media/protocols/rtp/receive/frames.ts'
import { createReception, type Reception } from '@bandstand/media/protocols/rtp/receive/reception.ts'
import { createReorder, type Ordered } from '@bandstand/media/protocols/rtp/receive/reorder.ts'
import { DESK_LIMITS } from '../limits.ts'

/** A picture, or a packet of sound, on the encoder's common clock in ticks of 90 kHz. */
export interface ReceivedUnit {
  readonly time: number
  readonly key: boolean
  readonly data: Uint8Array
}

export interface SourceOptions {
  readonly ssrc: number
  /** Which of the encoder's sources it is. */
  readonly number: number
  readonly clockRate: number
  /** Of pictures; without it each packet is a unit. */
  readonly depacketizer?: Depacketizer
  readonly clock: SourceClock
  /** Whether packets can be asked for again. */
  readonly canAsk: boolean
  readonly onUnit: (unit: ReceivedUnit) => void
}

/** One stream of RTP: its packets put in order, its pictures, and what the encoder is to be told of it. Times are ms of a steady clock. */
export interface Source {
  readonly ssrc: number
  readonly number: number
  readonly reception: Reception
  readonly clock: SourceClock
  readonly heardAt: number
  readonly isWaiting: boolean
  readonly trip: number | undefined
  readonly counts: {
    readonly lost: number
    readonly recovered: number
    readonly dropped: number
    readonly malformed: number
  }
  push(packet: RtpPacket, now: number): void
  /** Gives up what has been missing for long. */
  step(now: number): void
  /** Packets to be asked for again, 16 bits each. */
  ask(now: number): readonly number[]
  /** Whether a key frame is to be asked for now, and counts that it was. */
  takeKeyRequest(now: number): boolean
  /** The server could not be given what came: pictures begin anew with a key frame. */
  spoil(): void
}

export function createSource(options: SourceOptions): Source {
  const { ssrc, number, clockRate, depacketizer, clock, canAsk, onUnit } = options
  const reception = createReception(ssrc, clockRate)
  const isVideo = depacketizer !== undefined
  const reorder = createReorder(isVideo && canAsk ? DESK_LIMITS.holdVideoMs : DESK_LIMITS.holdAudioMs)
  const frames = depacketizer && createFrames(depacketizer)
  let heardAt = Number.NEGATIVE_INFINITY
  let keyAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let askGap: number = DESK_LIMITS.askKeyMs

  function take(ordered: readonly Ordered[], now: number): void {
    for (const one of ordered) {
      if (frames === undefined) {
        if (one.kind === 'packet' && one.packet.payload.byteLength > 0) {
          onUnit({ time: clock.map(one.packet.timestamp, now), key: true, data: one.packet.payload })
        }
        continue
      }
      for (const { timestamp, key, data } of frames.push(one)) {
        if (key) {
          keyAt = now
          askGap = DESK_LIMITS.askKeyMs
        }
        onUnit({ time: clock.map(timestamp, now), key, data })
      }
    }
  }

  return {
    ssrc,
    number,
    reception,
    clock,
    get heardAt() {
      return heardAt
    },
    get isWaiting() {
      return reorder.isWaiting
    },
    get trip() {
      return reorder.trip
    },
    get counts() {
      const { lost, recovered } = reorder.counters
      const { dropped = 0, malformed = 0 } = frames?.counters ?? {}
      return { lost, recovered, dropped, malformed }
    },
    push(packet, now) {
      heardAt = now
      reception.received(packet, now)
      take(reorder.push(packet, now), now)
    },
    step: (now) => take(reorder.step(now), now),
    ask: (now) => (canAsk ? reorder.ask(now) : []),
    takeKeyRequest(now) {
      if (frames === undefined) return false
      const isLost = frames.awaitsKey
      if (!isLost && now - keyAt < DESK_LIMITS.keyMs) return false
      if (now - askedAt < (isLost ? DESK_LIMITS.askKeyLostMs : askGap)) return false
      askedAt = now
      // Some encoders take no requests: they are not asked again and again.
      if (!isLost) askGap = Math.min(DESK_LIMITS.askKeyMostMs, askGap * 2)
      return true
    },
    spoil() {
      frames?.push({ kind: 'gap' })
    },
  }
}
