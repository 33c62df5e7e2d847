/** Bounds of RTP packets and of what is kept of them. */
export const RTP_LIMITS = {
  /** Bytes kept free in front of a shared payload: the fixed header and a block of header extensions. */
  headroom: 48,
  /** Bytes of a payload so that 1280 hold it with IPv6 (40), UDP (8), header and extensions (48), and the SRTP tag (16). */
  payload: 1160,
  /** Packets, bytes and milliseconds that a history for resends holds: two seconds of 8 Mbit/s. */
  history: { packets: 4096, bytes: 2 * 1024 * 1024, age: 2000 },
} as const
