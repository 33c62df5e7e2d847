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
  /** Nothing has come of a brought rendition for so long: the studio says that it has stopped. Encoders that send segments pause between them. */
  broughtSilenceMs: 15_000,
  /** The same of a further audio track: it comes all the time or not at all. */
  soundSilenceMs: 5_000,
  /** Other renditions stand in for the first so long after it stopped, where they come no further apart than that; ms. */
  standInMs: 3_000,
  standInPauseMs: 1_000,
  /** How long the studio tells that key frames did not stand together. */
  misalignedMs: 60_000,
  /** Configurations of a brought rendition that a recording notes of one epoch; with the next it is left out until the epoch ends. */
  broughtConfigurations: 16,
} as const

/** Bounds of a stream's hub and its readers. Times are milliseconds of media. */
export const HUB_LIMITS = {
  /** Readers of one hub: the ladder, the WebRTC process, AAC, up to 48 that read by SRT; viewers of other kinds are none. */
  readers: 64,
  /** The newest group of pictures, kept for readers that come: a longer or larger one is not kept, they wait for the next. */
  groupDuration: 12_000,
  groupBytes: 16 * 1024 * 1024,
  groupUnits: 4_096,
  /** Events a reader's queue holds at most, however small they are. */
  queuedEvents: 4_096,
} as const
