/** Bounds of what one RTCP datagram may make of memory. */
export const RTCP_LIMITS = {
  /** Packets of a compound. */
  packets: 64,
  /** Packets of RTP that all of them together ask for again or tell the arrival of. */
  told: 4096,
  /** Sequence numbers that one NACK packet asks for; a sender's history holds fewer. */
  nacks: 4096,
  /** Statuses of one transport-wide feedback: there are some a second. Four bytes could claim 8191, and a packet 65 535. */
  statuses: 2048,
} as const
