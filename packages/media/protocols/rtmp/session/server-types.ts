import type { Amf0Object } from '../amf0/value.ts'
import type { RtmpCrypto } from '../handshake/crypto.ts'
import type { RtmpLimits } from '../limits.ts'

/** Why a session is over. */
export type CloseReason =
  /** No RTMP handshake, or not in time. */
  | 'handshake'
  /** Bytes that contradict the protocol. */
  | 'protocol'
  /** One of `limits.ts` was passed. */
  | 'limit'
  /** Silent for too long, or no publish in time. */
  | 'idle'
  /** Turned away by the session (wrong application, play) or by the owner. The peer has been told. */
  | 'refused'
  /** Asked to connect again, which it has said that it can. It closes the connection itself, or is cut off a moment later. */
  | 'reconnect'

export type RtmpServerEvent =
  /** The encoder asks to publish: answer with `acceptPublish` or `refuse`. `key` is a secret. */
  | { readonly type: 'publish'; readonly key: string; readonly encoder: string }
  /** An FLV tag body; `timestamp` in milliseconds on the encoder's clock, unwrapped, may jump. */
  | { readonly type: 'audio' | 'video'; readonly timestamp: number; readonly data: Uint8Array }
  | { readonly type: 'metadata'; readonly values: Amf0Object }
  /** The encoder said goodbye (FCUnpublish, closeStream or deleteStream); it may publish again. */
  | { readonly type: 'unpublish' }
  /** Send what is left, then close. Nothing is read any more. */
  | { readonly type: 'close'; readonly reason: CloseReason; readonly text: string }

/** What the owner does after a call. */
export interface RtmpOutput<Event> {
  /** To write, in order. */
  readonly send: readonly Uint8Array[]
  readonly events: readonly Event[]
  /** Call `wake` at this time (ms, the clock of `now`), or a little later; `Infinity` for never. */
  readonly wakeAt: number
}

export interface RtmpServerOptions {
  readonly crypto: RtmpCrypto
  readonly limits: RtmpLimits
  /** The one application that may be published to, `live`. */
  readonly app: string
  /** Why this peer is not let in: it is told so where it connects, within the handshake's time. Says what to change. */
  readonly rejection?: string
  /** When the connection came in, ms of a clock that only rises; every `now` is on the same clock. */
  readonly now: number
}

/** One encoder's connection without its socket. */
export interface RtmpServerSession {
  receive(bytes: Uint8Array, now: number): RtmpOutput<RtmpServerEvent>
  wake(now: number): RtmpOutput<RtmpServerEvent>
  /** Answers the `publish` event; without effect when the encoder has gone on meanwhile. */
  acceptPublish(now: number): RtmpOutput<RtmpServerEvent>
  /**
   * Asks an encoder that can do so to connect again, and closes for our part: it goes on sending up to its next key frame, into
   * nothing, and closes itself. Others are refused, with `NetStream.Publish.Rejected`.
   *
   * @param description why, and what to do where the encoder does nothing by itself.
   */
  askToReconnect(description: string, now: number): RtmpOutput<RtmpServerEvent>
  /**
   * Tells the encoder why (onStatus, level error) and closes; at any time.
   * @param description says what to change.
   */
  refuse(
    code: 'NetStream.Publish.BadName' | 'NetStream.Publish.Rejected',
    description: string,
    now: number,
  ): RtmpOutput<RtmpServerEvent>
}
