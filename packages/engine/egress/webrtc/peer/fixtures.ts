import { parseRtp } from '@bandstand/media/protocols/rtp/packet.ts'
import type { AnsweredMedia } from '../messages.ts'
import { createPeerStream, type PeerStream } from './stream.ts'

export const VIDEO: AnsweredMedia = { mid: '0', payloadType: 108, parameters: '', feedback: [], receiverRtt: true }
export const AUDIO: AnsweredMedia = { mid: '1', payloadType: 111, parameters: '', feedback: [], receiverRtt: true }

/** Milliseconds between pictures; two packets each. */
export const PICTURE_MS = 40
const PACKETS = 2

/** A slice that is cut into two packets unless another size is asked for, filled with `id`. */
export function slice(id: number, key: boolean, bytes = 2000): Uint8Array {
  const unit = new Uint8Array(4 + bytes).fill(id)
  new DataView(unit.buffer).setUint32(0, bytes)
  unit[4] = key ? 0x65 : 0x41
  return unit
}

/** A stream whose picture `n` comes at `n × 40` ms and has packets `2n` and `2n + 1`; key frames are told. */
export function stageStream(): {
  readonly stream: PeerStream
  /** Adds picture `n`, which comes late or early when `now` says so; returns its first packet's number. */
  picture(n: number, key: boolean, now?: number, bytes?: number): number
} {
  const stream = createPeerStream(() => 0)
  stream.epoch(undefined)
  return {
    stream,
    picture: (n, key, now = n * PICTURE_MS, bytes = 2000) =>
      stream.picture(slice(n % 256, key, bytes), n * PICTURE_MS * 90, key, now),
  }
}

export interface Got {
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly marker: boolean
  /** Of the picture, read from the payload. */
  readonly picture: number
}

/** What a viewer got, as read from its packets. */
export function readGot(packet: Uint8Array): Got {
  const { sequence, timestamp, ssrc, marker, payload } = parseRtp(packet)
  return { sequence, timestamp, ssrc, marker, picture: payload.at(-1) ?? 0 }
}

/** `n` as often as it has packets, for whole pictures. */
export function pictures(...numbers: readonly number[]): number[] {
  return numbers.flatMap((n) => Array.from({ length: PACKETS }, () => n))
}
