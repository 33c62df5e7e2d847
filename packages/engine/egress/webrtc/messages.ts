/** What the server and the room in its WebRTC process say to each other of viewers; see `engine/webrtc/messages.ts`. */

/** A media section of the answer, as chosen from the offer. */
export interface AnsweredMedia {
  readonly mid: string
  readonly payloadType: number
  /** `a=fmtp` value. */
  readonly parameters: string
  /** `a=rtcp-fb` values that were offered: the answer has no others (RFC 4585 §4.2). */
  readonly feedback: readonly string[]
  /** Payload type of what is sent again, where the viewer takes that as a stream of its own (RFC 4588). */
  readonly retransmission?: number
  /** Id of abs-send-time where both know it. */
  readonly absSendTime?: number
  /** Id of playout-delay where both know it. */
  readonly playoutDelay?: number
  /** Id of transport-wide sequence numbers where both know them, for packets that probe the line. */
  readonly transportSequence?: number
  readonly receiverRtt: boolean
}

export type ToRoom =
  /** An offer that has been read and printed again, without candidates. */
  | {
      readonly kind: 'offer'
      readonly session: string
      readonly stream: number
      readonly sdp: string
      readonly video?: AnsweredMedia
      readonly audio?: AnsweredMedia
    }
  /** The viewer goes over to another stream at that one's next key frame. `isUrgent`: nothing more is sent of the one it has. */
  | { readonly kind: 'switch'; readonly session: string; readonly stream: number; readonly isUrgent: boolean }
  /** Whether the viewer's line carries so many bits of pictures a second is to be tried; the answer is in its report. */
  | { readonly kind: 'probe'; readonly session: string; readonly bitrate: number }
  | { readonly kind: 'leave'; readonly session: string }
  | { readonly kind: 'open'; readonly stream: number }
  | { readonly kind: 'close'; readonly stream: number }
  | { readonly kind: 'epoch'; readonly stream: number; readonly decoderConfig: Uint8Array | undefined }
  /** `time`: presentation time in ticks of 90 kHz. */
  | {
      readonly kind: 'picture'
      readonly stream: number
      readonly time: number
      readonly key: boolean
      readonly data: Uint8Array
    }
  /** One Opus packet; `time` in ticks of 48 kHz. */
  | { readonly kind: 'sound'; readonly stream: number; readonly time: number; readonly data: Uint8Array }

/** How often a line was tried, and whether it carried that the last time; `undefined` where nothing was heard of it. */
export interface Probed {
  readonly count: number
  readonly isCarried: boolean | undefined
}

/** How one viewer fares. */
export interface ViewerReport {
  readonly session: string
  readonly connected: boolean
  /** The stream that its pictures come from; `undefined` while it goes over to another. */
  readonly stream: number | undefined
  /** How many times the receiver has told of loss or of what it can take. */
  readonly reports: number
  /** Share of packets lost, 0 to 1, as last reported. */
  readonly loss: number
  /** Round trip, milliseconds; `undefined` before the first answer. */
  readonly roundTrip: number | undefined
  /** What the receiver thinks it can take, bits a second. */
  readonly estimate: number | undefined
  /** Bits of pictures a second that it was sent since the last report. */
  readonly sent: number
  /** How its line was tried; `undefined` where it cannot be. */
  readonly probed: Probed | undefined
}

export type FromRoom =
  | { readonly kind: 'answer'; readonly session: string; readonly sdp: string }
  /** `offer`: the library does not take it; `stream`: it is not there any more. */
  | {
      readonly kind: 'refused'
      readonly session: string
      readonly fault: 'offer' | 'stream'
      readonly reason: string
    }
  | { readonly kind: 'closed'; readonly session: string; readonly reason: string }
  /** What came of the stream cannot be made into packets; its viewers are told goodbye, and it is as if it had been closed. */
  | { readonly kind: 'unsendable'; readonly stream: number; readonly reason: string }
  /** Comes regularly: also the sign of life. */
  | {
      readonly kind: 'report'
      readonly viewers: readonly ViewerReport[]
      readonly packets: number
      readonly resent: number
      /** Packets that were asked for again and not sent, for they would have been too many. */
      readonly refused: number
    }
