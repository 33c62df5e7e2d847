/** Bounds of the parser. Chromium's offer for one video and one audio section has 6 kB and 200 lines. */
export const SDP_LIMITS = {
  /** Characters of a whole description. */
  text: 64 * 1024,
  lines: 2000,
  /** Characters of one line. */
  line: 1024,
  /** Media sections. */
  media: 16,
  /** `a=rtcp-fb` values of one payload type: those for all (`*`) count for each, which multiplies them. */
  feedback: 16,
  /** Fingerprints of one transport: those of the session count for each section. */
  fingerprints: 8,
} as const
