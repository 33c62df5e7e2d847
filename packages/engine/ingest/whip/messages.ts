import type { ReceivedVideoCodec } from '@bandstand/media/protocols/rtp/receive/codecs.ts'

/** What the server and the desk in its WebRTC process say to each other of encoders; see `engine/webrtc/messages.ts`. */

/** A section that is received. */
export interface ReceivedMedia {
  readonly mid: string
  readonly payloadType: number
  /** As in `a=rtpmap`. */
  readonly name: string
  /** `a=fmtp` value; empty for none. */
  readonly parameters: string
  /** `a=rtcp-fb` values that were offered and are used. */
  readonly feedback: readonly string[]
  /** Id of transport-wide sequence numbers where both know them. */
  readonly transportSequence?: number
}

export interface ReceivedVideo extends ReceivedMedia {
  readonly codec: ReceivedVideoCodec
  /** Restriction ids of simulcast; none where there is one stream. */
  readonly rids: readonly string[]
  readonly ridExtension?: number
  /** Parameter sets of the offer, as an access unit: some encoders have them there and never in the stream. */
  readonly parameterSets?: Uint8Array
}

/** Number of the sound among an encoder's sources; pictures count from 0, section by section, restriction id by restriction id. */
export const SOUND = -1

export type ToDesk =
  /** An offer that has been read and printed again, without candidates. `bitrate`: what it may send, bits a second. */
  | {
      readonly kind: 'receive'
      readonly session: string
      readonly sdp: string
      readonly video: readonly ReceivedVideo[]
      readonly audio?: ReceivedMedia
      readonly bitrate: number
    }
  | { readonly kind: 'dismiss'; readonly session: string }

/** How one encoder's media come; counts are of the whole session. */
export interface ReceptionReport {
  readonly session: string
  readonly connected: boolean
  /** Bits a second since the last report. */
  readonly bitrate: number
  /** Share of packets lost before they came again, 0 to 1, as last reported to the encoder. */
  readonly loss: number
  /** Packets that came. */
  readonly packets: number
  /** Packets that never came, and such as came because they were asked for. */
  readonly lost: number
  readonly recovered: number
  /** Pictures left out because they were damaged, or built upon damaged ones. */
  readonly dropped: number
  /** Of these, such as contradict their format. */
  readonly malformed: number
  /** Key frames asked for. */
  readonly keysAsked: number
  /** Milliseconds from asking for a packet to having it; `undefined` where none was. */
  readonly trip: number | undefined
}

export type FromDesk =
  | { readonly kind: 'receiving'; readonly session: string; readonly sdp: string }
  /** The library does not take the offer. */
  | { readonly kind: 'unreceivable'; readonly session: string; readonly reason: string }
  /** Its media can come. */
  | { readonly kind: 'connected'; readonly session: string }
  /** `fault`: it was sent away for what it did, which it is told. */
  | { readonly kind: 'gone'; readonly session: string; readonly reason: string; readonly fault?: string }
  /** A picture or a packet of sound; `time` in ticks of 90 kHz, on one clock for all of a session. */
  | {
      readonly kind: 'received'
      readonly session: string
      readonly source: number
      readonly time: number
      readonly key: boolean
      readonly data: Uint8Array
    }
  | { readonly kind: 'receptions'; readonly sessions: readonly ReceptionReport[] }
