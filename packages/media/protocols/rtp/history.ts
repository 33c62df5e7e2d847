/** Bounds of a history; see `RTP_LIMITS.history`. */
export interface HistoryBounds {
  readonly packets: number
  readonly bytes: number
  /** Milliseconds. */
  readonly age: number
}

interface Entry<T> {
  readonly packet: T
  readonly bytes: number
  readonly at: number
}

/**
 * The newest packets of a stream, to be sent again when a receiver asks (RFC 4585 §6.2.1). Its owner counts packets on without
 * wrapping; peers whose sequence numbers start elsewhere share it and add their own offset. Oldest first, packets leave when
 * number, bytes or age exceeds the bound; the newest always stays.
 */
export interface PacketHistory<T> {
  /** Appends the packet with number `next`, and returns the number. */
  add(packet: T, bytes: number, now: number): number
  /** Undefined for numbers that have left or are yet to come. */
  get(number: number): T | undefined
  /** Number that the next packet gets. */
  readonly next: number
  readonly packets: number
  readonly bytes: number
}

/** @param bounds `packets` is the size of the table, allocated at once. */
export function createPacketHistory<T>(bounds: HistoryBounds): PacketHistory<T> {
  const ring: (Entry<T> | undefined)[] = Array.from({ length: bounds.packets })
  let oldest = 0
  let next = 0
  let held = 0

  function drop(): void {
    const slot = oldest % bounds.packets
    held -= (ring[slot] as Entry<T>).bytes
    ring[slot] = undefined
    oldest++
  }

  /** Whether the oldest packet has to leave. */
  function stale(now: number): boolean {
    return held > bounds.bytes || now - (ring[oldest % bounds.packets] as Entry<T>).at > bounds.age
  }

  return {
    add(packet, bytes, now) {
      if (next - oldest === bounds.packets) drop()
      ring[next % bounds.packets] = { packet, bytes, at: now }
      held += bytes
      next++
      while (next - oldest > 1 && stale(now)) drop()
      return next - 1
    },
    get: (number) => (number >= oldest && number < next ? ring[number % bounds.packets]?.packet : undefined),
    get next() {
      return next
    },
    get packets() {
      return next - oldest
    },
    get bytes() {
      return held
    },
  }
}
