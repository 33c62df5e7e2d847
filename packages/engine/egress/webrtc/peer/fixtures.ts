import { parseRtp } from '@bandstand/media/protocols/rtp/packet.ts'
import type { AnsweredMedia } from '../messages.ts'
import { createPeerStream, type PeerStream } from './stream.ts'

export const VIDEO: AnsweredMedia = { mid: '0', payloadType: 108, parameters: '', feedback: [], receiverRtt: true }
export const AUDIO: AnsweredMedia = { mid: '1', payloadType: 111, parameters: '', feedback: [], receiverRtt: true }

/** Milliseconds between pictures; two packets each. */
export const PICTURE_MS = 40
const PACKETS = 2

/** A slice that is cut into two packets, `id` in its second byte. */
export function slice(id: number, key: boolean): Uint8Array {
  const unit = new Uint8Array(4 + 2000).fill(id)
  new DataView(unit.buffer).setUint32(0, 2000)
  unit[4] = key ? 0x65 : 0x41
  return unit
}

/** A stream whose picture `n` comes at `n × 40` ms and has packets `2n` and `2n + 1`; key frames are told. */
export function stageStream(): {
  readonly stream: PeerStream
  /** Adds picture `n`; returns its first packet's number. */
  picture(n: number, key: boolean): number
} {
  const stream = createPeerStream(() => 0)
  stream.epoch(undefined)
  return {
    stream,
    picture: (n, key) => stream.picture(slice(n % 256, key), n * PICTURE_MS * 90, key, n * PICTURE_MS),
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
