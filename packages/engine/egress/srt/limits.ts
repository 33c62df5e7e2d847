/** Bounds of readers by SRT. */
export const SRT_READER_LIMITS = {
  /** Of one channel: the hub has room for as many and for all others that need it, such as viewers by WebRTC (`HUB_LIMITS.readers`). */
  perChannel: 48,
  /** Of each: media that wait to be made into a transport stream: what is more is lost by whole groups of pictures. */
  queuedBytes: 16 * 1024 * 1024,
  queuedMs: 10_000,
  /** Packets that wait to be sent before no more is taken from the queue: some 3 MB. */
  waitingPackets: 2_048,
  /** How often a reader is counted among the viewers, ms. */
  seenMs: 5_000,
} as const
