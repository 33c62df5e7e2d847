/** Bounds of MPEG-TS on its way into a stream, on top of those of its demuxer. */
export const MPEGTS_INGEST_LIMITS = {
  /** Changes of configuration and of programmes that one encoder may make beyond one a second: each begins a period for every player. */
  changes: 30,
  /** Streams that are named to the studio as left out, and characters of the text. */
  leftOut: 8,
  factLength: 200,
  /** The studio is told what came damaged in the last one to two periods of so long, ms. */
  damageMs: 15_000,
  /**
   * Pictures and frames of sound in `windowMs`: 120 pictures and eight sounds of 400 frames a second, more than twice as fast as they play.
   * Each costs more than its bytes where it has few.
   */
  unitsPerWindow: 40_000,
  windowMs: 5_000,
}

export type MpegTsIngestLimits = Readonly<typeof MPEGTS_INGEST_LIMITS>
