/** One RTMP message (§6.1), whole. */
export interface RtmpMessage {
  /** Message type id, see `message/type.ts`. */
  readonly type: number
  /** Message stream id; 0 is the connection itself. */
  readonly streamId: number
  /** Milliseconds as sent, 32 bits, wrapping after 49.7 days. `Unwrapper` makes it a plain count. */
  readonly timestamp: number
  readonly payload: Uint8Array
}
