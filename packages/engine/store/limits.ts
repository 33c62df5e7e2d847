import { WINDOW_LIMITS } from '../packager/limits.ts'

/** Every bound of the disk store in one place. Milliseconds and bytes. */
export interface StoreLimits {
  /** A data file and its index cover this much of a broadcast, then the next segment begins new ones. */
  readonly spanMs: number
  /** The same for a broadcast that is not recorded: only a short window is kept. */
  readonly windowSpanMs: number
  /**
   * Media that live playlists list or have just listed: no limit of retention takes it from a running recording, and a
   * broadcast that is not recorded keeps no more.
   */
  readonly windowMs: number
  /** How long after its end the same is left of a recording: as long as its live playlists stay. */
  readonly endedWindowMs: number
  /** What may wait for the disk, per broadcast; beyond it parts are dropped. */
  readonly queueBytes: number
  readonly queueParts: number
  /** Epochs and reservations that may wait for the disk, per broadcast. */
  readonly journalQueue: number
  /** Everything written is flushed to the device at least this often. */
  readonly syncMs: number
  /** Wait before a failed write is tried again. */
  readonly retryMs: number
  /** A write that takes longer counts as a disk that does not answer; time in which this process was late is left out. */
  readonly hungMs: number
  /** How often due flushes, retries and hung writes are looked for. */
  readonly tickMs: number
  /** How often retention looks at ages and free space. */
  readonly retentionMs: number
  /** How long the end of a broadcast waits for a disk in trouble. */
  readonly endMs: number
  /**
   * Changes of files that wait for the disk, all broadcasts together. They are few: one flush at a time, one end of each
   * broadcast that ends, deletions. When it is full a flush waits for the next tick, so that in the end parts are dropped
   * (a gap in the recording, and a message); an end is finished by the next start; whoever deletes is told.
   */
  readonly writeQueue: number
  /** A start looks at ended recordings so long after those that had not ended: the server is busy becoming ready. */
  readonly scanDelayMs: number
  /** A recording that could not be read is looked at again after this, and then after twice as long each time. */
  readonly lookAgainMs: number
  readonly lookAgainMostMs: number
  /** Reads of media and indexes on their way to the disk, and waiting for it. */
  readonly readLanes: number
  readonly readQueue: number
  /** Open files of readers. */
  readonly readHandles: number
  /** Memory for the indexes of ended assets. */
  readonly indexCacheBytes: number
  /** Parts written with one call; stays below IOV_MAX. */
  readonly batchParts: number
  /** Index files larger than this are cut there when read: nothing honest is as large. */
  readonly indexFileBytes: number
  /** A journal takes no more epochs beyond this: recording stops with a message. A reconnect a second makes 11 MB a day. */
  readonly journalBytes: number
  /** Of a journal, read before others get a turn of the event loop. */
  readonly journalTurnBytes: number
  /** A row of segments is closed without a track that is this many segments behind. */
  readonly laggingSegments: number
  /**
   * Parts closed within this time before the last are checked against their checksum after a crash. Older ones are on the
   * device before the index has them.
   */
  readonly verifyMs: number
  /** Newest parts of each track that a recovery gives: 3 target durations of the shortest, and some. */
  readonly recentParts: number
}

export const STORE_LIMITS: StoreLimits = {
  spanMs: 600_000,
  windowSpanMs: 30_000,
  windowMs: (WINDOW_LIMITS.listed + WINDOW_LIMITS.lingering) * 1_000,
  endedWindowMs: WINDOW_LIMITS.ended * 1_000,
  queueBytes: 32 * 2 ** 20,
  queueParts: 1_000,
  journalQueue: 1_000,
  syncMs: 4_000,
  retryMs: 1_000,
  hungMs: 5_000,
  tickMs: 500,
  retentionMs: 30_000,
  endMs: 10_000,
  writeQueue: 2_000,
  scanDelayMs: 2_000,
  lookAgainMs: 15_000,
  lookAgainMostMs: 600_000,
  readLanes: 2,
  readQueue: 512,
  readHandles: 64,
  indexCacheBytes: 32 * 2 ** 20,
  batchParts: 256,
  indexFileBytes: 16 * 2 ** 20,
  journalBytes: 64 * 2 ** 20,
  journalTurnBytes: 64 * 2 ** 10,
  laggingSegments: 8,
  verifyMs: 12_000,
  recentParts: 64,
}
