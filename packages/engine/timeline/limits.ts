/** Bounds and thresholds of the timeline. `MS` are milliseconds of wall clock, `TICKS` of the 90 kHz clock. */
export const TIMELINE_LIMITS = {
  /** How long an epoch's start waits for tracks that were announced, by wall clock and by media. */
  startWaitMs: 1_000,
  startWaitTicks: 90_000,
  /**
   * Where pictures arrive but no key frame: as long as the longest key-frame distance in common use (10 s), and some.
   * Starting with sound alone would change the track set twice, and players do not read the multivariant playlist again.
   */
  keyWaitMs: 12_000,
  keyWaitTicks: 12 * 90_000,
  /** Media an epoch's start collects to learn the frame rate; shorter than a part, so that it delays nothing. */
  learnTicks: 22_500,
  /** Frames a second that an encoder's parameter sets may say: some write the clock's ticks there, or nothing that makes sense. */
  frameRates: { least: 1, most: 300 },
  /** Media that may come at once at an epoch's start before it is dated anyway: a long group of pictures. */
  rushTicks: 4 * 90_000,
  /** Frames and bytes held during the wait; beyond either the epoch opens with what there is. */
  heldUnits: 4_000,
  heldBytes: 64 * 1024 * 1024,
  /** A source clock that jumps by more begins an epoch. */
  jumpTicks: 90_000,
  /** A lone video track may pause this long where wall clock agrees: slide shows and screen captures. */
  slowFrameTicks: 3 * 90_000,
  slowFrameToleranceMs: 500,
  /** Tracks of one source further apart than this have different clocks and are brought together by arrival. */
  alignTicks: 2 * 90_000,
  /** After a jump, units of each other track that go on with the old clock are dropped for so long, and so many. */
  staleMs: 1_000,
  staleUnits: 100,
  /**
   * A further audio track may be ahead of the pictures and of the first sound by so much: what is further ahead is dropped, for the epoch
   * could not end before it.
   */
  soundAheadTicks: 2 * 90_000,
  /** Presentation and decode time further apart are not believed. */
  compositionTicks: 5 * 90_000,
  /** Audio further off than this is corrected at once, not by the low-pass. */
  audioJitterSeconds: 0.1,
  /** The low-passed difference at which audio is corrected. */
  audioDriftSeconds: 0.025,
  /** Frames over which the difference is low-passed. */
  audioFilterFrames: 32,
  /** Audio that is so far behind the pictures, and silent for so long, is filled with silence. */
  audioStallTicks: 90_000,
  /**
   * Pictures of renditions that the encoder brings may be ahead of its first by so much: they are sent in segments, one rendition after
   * another. What is further ahead is of an epoch to come and held for it, so many pictures and bytes of all renditions together.
   */
  broughtAheadTicks: 20 * 90_000,
  broughtUnits: 4_000,
  broughtBytes: 32 * 1024 * 1024,
  /** A brought picture that is this little before an epoch's start belongs to its start. */
  broughtSlackTicks: 4_500,
  /** Silent frames made by one call: a minute at 48 kHz. */
  silentFrames: 3_000,
} as const
