/** Bounds of the parser. Chromium's offer for one video and one audio section has 6 kB and 200 lines. */
export const SDP_LIMITS = {
  /** Characters of a whole description. */
  text: 64 * 1024,
  lines: 2000,
  /** Characters of one line. */
  line: 1024,
  /** Media sections. */
  media: 16,
} as const
