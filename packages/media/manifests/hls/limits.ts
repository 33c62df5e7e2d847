/** Bounds of the playlist parser. A day of 2 s segments with dates is 43 200 × 3 lines. */
export const limits = {
  /** Characters of a whole playlist. */
  text: 16 * 1024 * 1024,
  lines: 400_000,
  /** Characters of one line; longer ones are an error, not cut. */
  line: 16 * 1024,
  /** Attributes of one tag. */
  attributes: 64,
  /** Issues kept; further ones are only counted. */
  issues: 200,
  /** Variants and renditions of a multivariant playlist, each. */
  entries: 1_000,
} as const
