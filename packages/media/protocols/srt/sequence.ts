/** Packet sequence numbers have 31 bits and wrap (§3.1). */
const MASK = 0x7fffffff

export function sequenceAfter(sequence: number, steps: number): number {
  return (sequence + steps) & MASK
}

/** Steps from one sequence number to another, the shorter way round: −2^30 to 2^30 − 1. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 1) >> 1
}
