import { RTMP_LIMITS } from '@bandstand/media/protocols/rtmp/limits.ts'

/** Bounds of the RTMP listener on top of those of each session. */
export const RTMP_LISTENER_LIMITS = {
  ...RTMP_LIMITS,
  /** Open connections, publishing or not. */
  connections: 1000,
  /** Open connections from one address (IPv6: one /64 network). */
  connectionsPerAddress: 10,
  /** Connections beyond those that are open for as long as it takes to tell their encoders; the others are reset. */
  turnedAway: 20,
  /** Bytes waiting to be sent to one peer: we send answers only, so a peer that lets them pile up is not reading. */
  sendBytes: 256 * 1024,
  /** How long a refused peer has to read why, milliseconds. */
  lingerMs: 5_000,
  /** How long `close` waits for connections to end by themselves, milliseconds. */
  closeMs: 1_000,
  /** How often media are read that nobody waits for, milliseconds. */
  gulpMs: 30,
  /** Changes of configuration that one publish may make beyond one a second: each begins a period for every player. */
  configurations: 30,
  /** Units of one track that cannot be read, one after the other, before the encoder is told: some 4 s of pictures, 2 s of sound. */
  malformedUnits: 100,
  /**
   * Pictures and frames of sound in one `bitrateWindowMs`, of which one message may hold many: 120 pictures and eight sounds of 400 frames a
   * second, more than twice as fast as they play. And frames of MP3 in one tag, where every encoder known puts one.
   */
  unitsPerWindow: 40_000,
  framesPerTag: 256,
  /** Facts of one `onMetaData` that are passed on, and characters of their names and texts. */
  facts: 32,
  factLength: 100,
}

export type RtmpListenerLimits = Readonly<typeof RTMP_LISTENER_LIMITS>
