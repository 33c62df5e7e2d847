import type { SrtKeys } from '../keys.ts'
import type { SrtLimits } from '../limits.ts'

/** What both sides know when a handshake is over. Times in ms. */
export interface SrtSessionOptions {
  readonly socketId: number
  readonly peerSocketId: number
  /** Of both directions, as libsrt has it: the caller's. */
  readonly initialSequence: number
  /** When our clock shows 0. */
  readonly start: number
  /** When the peer's clock showed 0, as seen from here. */
  readonly peerStart: number
  /** Latency of what we receive, and of what we send. */
  readonly receiverDelay: number
  readonly senderDelay: number
  readonly peerVersion: number
  /** Packets that the peer has room for. */
  readonly flowWindow: number
  readonly keys: SrtKeys | undefined
  readonly limits: SrtLimits
}

/** Where a session puts what comes of its input, called before the call with the input returns. */
export interface SrtSink {
  /** A packet for the peer, not to be changed any more after the call but by being sent again. */
  send(packet: Uint8Array): void
  /** A payload when its time has come, in order. The bytes are nobody else's. */
  payload(data: Uint8Array): void
}
