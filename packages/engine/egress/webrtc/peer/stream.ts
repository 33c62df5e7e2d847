import { inBandParameterSets } from '@bandstand/media/codecs/h264/avcc.ts'
import { packetizeH264 } from '@bandstand/media/protocols/rtp/h264.ts'
import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import { packetizeOpus } from '@bandstand/media/protocols/rtp/opus.ts'
import { createPacketTrack, type PacketTrack } from './packet-track.ts'

/** One stream within the process: access units in, packets for all its viewers. */
export interface PeerStream {
  readonly video: PacketTrack
  readonly audio: PacketTrack
  /**
   * Milliseconds from the broadcast's clock to wall clock, as units come in that were least held up; it follows an encoder whose clock
   * is not ours. `undefined` before the first unit.
   */
  readonly wallClockOffset: number | undefined
  /** An epoch begins. @param decoderConfig AVCDecoderConfigurationRecord; `undefined` without pictures. */
  epoch(decoderConfig: Uint8Array | undefined): void
  /**
   * @param time presentation time in ticks of 90 kHz.
   * @param now milliseconds of a steady clock, as everywhere here.
   * @returns the first packet's number.
   */
  picture(data: Uint8Array, time: number, key: boolean, now: number): number
  /** @param time ticks of 48 kHz. Returns the packet's number. */
  sound(packet: Uint8Array, time: number, now: number): number
}

const NONE = new Uint8Array()

/** Arrivals are looked back upon for one to two of these, ms. */
const OFFSET_WINDOW = 2_000

/** @param wallClock Unix milliseconds. */
export function createPeerStream(wallClock: () => number): PeerStream {
  const video = createPacketTrack(90_000)
  const audio = createPacketTrack(48_000)
  let least = Number.POSITIVE_INFINITY
  let leastBefore = Number.POSITIVE_INFINITY
  let windowBegan = 0
  let parameterSets: Uint8Array = NONE

  function arrived(media: number, now: number): void {
    if (now - windowBegan > OFFSET_WINDOW) {
      windowBegan = now
      leastBefore = least
      least = Number.POSITIVE_INFINITY
    }
    least = Math.min(least, wallClock() - media)
  }

  return {
    video,
    audio,
    get wallClockOffset() {
      const offset = Math.min(least, leastBefore)
      return Number.isFinite(offset) ? offset : undefined
    },
    epoch(decoderConfig) {
      least = Number.POSITIVE_INFINITY
      leastBefore = Number.POSITIVE_INFINITY
      parameterSets = decoderConfig === undefined ? NONE : inBandParameterSets(decoderConfig)
    },
    picture(data, time, key, now) {
      arrived(time / 90, now)
      // In front of every key frame: a viewer may begin at any of them, and they change with the epoch.
      return video.add(packetizeH264(data, key ? parameterSets : NONE, RTP_LIMITS.payload), time, key, now)
    },
    sound(packet, time, now) {
      arrived(time / 48, now)
      return audio.add([packetizeOpus(packet, RTP_LIMITS.payload)], time, false, now)
    },
  }
}
