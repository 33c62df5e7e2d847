/** Bounds of the packager and the live window. */
export const PACKAGER_LIMITS = {
  /** Segments: cut at the first key frame from here on, in seconds. */
  minSegment: 2,
  /** EXTINF stays below this, so that it rounds to at most the target duration (RFC 8216bis §4.4.3.1). */
  segmentSlack: 0.2,
  /** A track's next frame is waited for so long, in seconds of the others' media, before its segment is closed or a gap. */
  stallSlack: 2,
  /** A hole shorter than this at the begin of a segment needs no gap part; seconds. */
  holeSlack: 0.1,
  /** Units that wait for the track that decides the cuts. */
  queuedUnits: 4_000,
  /**
   * Media sequence numbers reserved at a time, and how many are left when the next block is asked for: a disk may hang for
   * as many segments before a crash could make a number come again. After a crash the rest of the block are gaps.
   */
  reserveSegments: 8,
  /**
   * Sequence numbers that may be missing after what was recorded although viewers were shown none of them: two blocks of each process
   * that was killed before it recorded anything, ten in a row, a block of segments on their way and two of who showed them.
   */
  unshownSegments: 23 * 8,
  /** The same for parts: a block, and how many are left when the next one is asked for. */
  reserveBlock: 1_024,
  reserveAhead: 64,
  /** Frames of a segment of silence: 20 s at 48 kHz, more than any segment. */
  silentFrames: 1_000,
  /** Seconds by which a rung of the ladder may be behind the source before its segment is closed or a gap. */
  rungBehind: 6,
  /** Whole segments before the newest that are not listed as gaps yet while a rung is not being made: it may be asked for. */
  rungOpenSegments: 1,
  /** The same of sound in another codec: 3 target durations, for nothing else is heard meanwhile, and to make it is cheap. */
  soundOpenSegments: 6,
  /**
   * Seconds by which the key frame of a rendition that the encoder brings may be beside the source's and begin the same segment, or one
   * and a half of its frames where that is more.
   */
  broughtTolerance: 0.05,
  /** The same as `rungBehind` for a brought rendition of which nothing came for the segment before. */
  awayPatience: 1,
  /** Bytes of a brought rendition that wait to be cut: it may be ahead of the source. */
  broughtBytes: 32 * 1024 * 1024,
  /** Key-frame distances kept for the studio. */
  keyDistances: 5,
} as const

export const WINDOW_LIMITS = {
  /** Seconds that a live playlist lists. */
  listed: 60,
  /** Segments a live playlist lists at most, however short they are. */
  segments: 600,
  /**
   * Seconds of segments that stay to be had after they left the playlist. Each for its duration and that of the longest playlist
   * that listed it (RFC 8216bis §6.2.2): what is listed, one segment more until it goes, and one in the making.
   */
  lingering: 80,
  /** Seconds for which the playlists of a broadcast that has ended stay: players read its end. */
  ended: 120,
  /**
   * Parts' bytes in memory for one rendition, seconds and bytes: 3 target durations, where players start, and at least
   * `watchedSeconds`. Less while nobody has asked for anything during `unwatchedAfter` seconds: whoever comes then reads
   * what is older from the store. More while nothing is recorded, because what leaves memory leaves the playlist: besides 3
   * target durations of whole segments the one in the making, and what is left of the oldest.
   */
  memorySeconds: 21,
  watchedSeconds: 12,
  unwatchedSeconds: 6,
  unwatchedAfter: 30,
  memoryBytes: 16 * 1024 * 1024,
  /** The same while nothing is recorded: those seconds at 24 Mbit/s. Of more, what is listed is not all there. */
  unrecordedBytes: 64 * 1024 * 1024,
  /** A segment is listed as a whole when its last part is written, or with the next part, or after so many seconds. */
  unwrittenSeconds: 0.3,
  /** Over all broadcasts. */
  totalBytes: 512 * 1024 * 1024,
  /**
   * The same for a rung of the ladder, which is in no recording: what it lists, more than 3 target durations, and what it holds,
   * so that what has just left the playlist is still to be had.
   */
  rungListed: 16,
  rungSeconds: 32,
  /** Different things that requests wait for at one rendition. */
  waitingFor: 64,
  /** How long a rung that is made on demand is waited for, milliseconds: longer, and players give up by themselves. */
  rungStart: 8_000,
  /**
   * The same for whole segments of sound that is made on demand, before a DASH manifest: players choose once, and one that found the
   * source's codec alone stays silent.
   */
  soundStart: 4_000,
  /** How long they wait, in target durations. */
  waitTargets: 3,
} as const
