/** Bounds on what is parsed; input may come from anyone (`bandstand check` reads foreign streams). */

/** Boxes beside each other. A segment of 400 chunks has 1200. */
export const MAX_BOXES = 65_536
/** Tracks of a movie, and track fragments of one `moof`. */
export const MAX_TRACKS = 64
/** Sample entries of a track. */
export const MAX_SAMPLE_ENTRIES = 64
/** Samples of all fragments of one call: a `trun` of 20 bytes may claim four thousand million. */
export const MAX_SAMPLES = 500_000
/** Entries of an edit list that are kept. */
export const MAX_EDITS = 64
