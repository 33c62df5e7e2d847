/** Bounds of what is received of one source. `MS` are milliseconds. */
export const RECEIVE_LIMITS = {
  /** Packets and bytes that wait for one before them. */
  packets: 4_096,
  bytes: 8 * 1024 * 1024,
  /** Packets missing at one time: where more are, the line was cut, and what is lost is not worth asking for. */
  missing: 512,
  /** A step in sequence numbers beyond which they are another beginning, or nothing (RFC 3550 appendix A.1, MAX_DROPOUT). */
  jump: 3_000,
  /** Packets merely out of order are waited for so long before they are asked for, and how often and far apart that is repeated. */
  reorderMs: 10,
  asks: 8,
  askLeastMs: 20,
  askMostMs: 200,
  /** A round trip before one was measured. */
  firstTripMs: 60,
  /** Packets and bytes of one picture. */
  framePackets: 16_384,
  frameBytes: 8 * 1024 * 1024,
  /** Parts (NAL units, OBUs) of one picture. */
  frameParts: 2_048,
} as const
