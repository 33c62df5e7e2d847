/** Every bound of the RTMP code. Times in milliseconds, sizes in bytes. */
export const RTMP_LIMITS = {
  /** From the first byte (or the accept) to the end of the handshake. */
  handshakeMs: 10_000,
  /** From the end of the handshake to `publish`. */
  publishMs: 15_000,
  /** How long the owner may take to accept or refuse a publish. */
  decisionMs: 10_000,
  /** Nothing at all from the peer for this long: the connection is dead. Shorter than the reconnect window. */
  idleMs: 20_000,
  /** A silent peer is pinged this often; any answer counts as life. */
  pingMs: 5_000,
  /** One message once publishing is accepted. A 4K key frame at 100 Mbit/s stays below 4 MB. */
  messageBytes: 8 * 1024 * 1024,
  /** One message before that, once a key has been sent. */
  messageBytesBeforeAcceptance: 1024 * 1024,
  /** One message, and declared bytes of all in reassembly, of a peer that has not even named a key: commands only. */
  messageBytesOfStranger: 64 * 1024,
  pendingBytesOfStranger: 128 * 1024,
  /** Declared bytes of all messages still in reassembly on one connection. */
  pendingBytes: 16 * 1024 * 1024,
  /** The same before acceptance, also the bound of media held back until the owner decides. */
  pendingBytesBeforeAcceptance: 2 * 1024 * 1024,
  /** Media messages held back until the owner decides. */
  pendingMessages: 512,
  /** Chunk streams one peer may use; encoders use up to five. */
  chunkStreams: 64,
  /** Messages begun and not finished, over a connection's life. */
  abandonedMessages: 100,
  /** Largest chunk size a peer may set (a message is never larger, so more has no use). */
  chunkBytes: 16 * 1024 * 1024,
  /** Message streams one connection may create. */
  messageStreams: 8,
  /** Bits per second over `bitrateWindowMs`, everything counted. Encoders burst after a stall, so this is no quality limit. */
  bitrate: 100_000_000,
  bitrateWindowMs: 5_000,
  /** Longest stream key, application name and tcUrl kept. */
  nameLength: 1024,
  /** Everything a peer may send before it is accepted: bytes, and messages, which cost more than their bytes where they are short. */
  bytesBeforeAcceptance: 4 * 1024 * 1024,
  messagesBeforeAcceptance: 1_000,
  /**
   * Messages of an accepted encoder in one `bitrateWindowMs`, those within aggregates too: 30 pictures and 47 frames of sound
   * a second, 50 times as fast as they play.
   */
  messagesPerWindow: 20_000,
  /** Command and data messages a peer may send in one `bitrateWindowMs`: beyond that it is not an encoder. */
  commandsPerWindow: 500,
}

/** Limits as one value, so that the owner can change some of them: `{ ...RTMP_LIMITS, idleMs: 5000 }`. */
export type RtmpLimits = Readonly<typeof RTMP_LIMITS>
