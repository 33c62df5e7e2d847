/** Bounds of what one RTCP datagram may make of memory. */
export const RTCP_LIMITS = {
  /** Packets of a compound. */
  packets: 64,
  /** Sequence numbers that one NACK packet asks for; a sender's history holds fewer. */
  nacks: 4096,
  /** Statuses of one transport-wide feedback: four bytes could claim 8191, and a packet 65 535. */
  statuses: 8192,
} as const
