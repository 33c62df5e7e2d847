/** Bounds of channels and their encoders. */
export const STREAM_LIMITS = {
  /** Encoders of one channel that have yet to show that they can take over; beyond that the oldest of them is turned away. */
  candidates: 4,
  /** How long they have for it, ms: some more than the longest key-frame distance in common use (10 s). */
  candidateMs: 15_000,
  /** How long one that has shown a picture or sound is waited for with its other tracks, ms. */
  candidateTracksMs: 1_000,
  /** Units and bytes of one that are kept meanwhile. */
  candidateUnits: 500,
  candidateBytes: 8 * 1024 * 1024,
  /** Facts that are kept of what an encoder says of its stream. */
  facts: 64,
} as const
