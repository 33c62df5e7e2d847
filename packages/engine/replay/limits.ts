/** Every bound of replays in one place. */
export const limits = {
  /** Rows looked at before others get a turn. */
  rowsPerTurn: 256,
  /**
   * Milliseconds for which the manifest of a broadcast that has ended stays on the wall clock. Whoever played it reads there that
   * nothing more comes and looks no more, a page in the background too, which may do anything but once a minute.
   */
  endedOnClock: 120_000,
  /** Text of playlists kept, all assets together, in bytes. */
  playlistBytes: 64 * 2 ** 20,
  /** Downloads whose plans are kept, and the memory of all of them. */
  plans: 16,
  planBytes: 64 * 2 ** 20,
  /** Those of one asset: a running broadcast is another file with each plan. */
  plansPerAsset: 4,
  /** Plans in the making at a time, waiting for it, and both of one network. */
  planning: 1,
  planningQueue: 20,
  planningPerNetwork: 5,
  /**
   * A plan serves whoever asks for a running broadcast for so many milliseconds, and for so many times as long as it took to
   * make: planned again and again, it takes that much less than all the time there is.
   */
  planFresh: 30_000,
  planRest: 10,
  /** Bytes of a part that are read for its `moof`; a longer one costs a second read. */
  moofBytes: 2_048,
  /** Segments up to this size are read whole for their `moof`s. */
  smallSegment: 192 * 1024,
  /** Media read at a time for a download: what a viewer costs. */
  downloadChunk: 512 * 1024,
  /** Recordings with fewer segments than this are planned in the main thread. */
  localRows: 300,
} as const
