/** How much may still be written before retention has to look: counted down as bytes are written, not measured each time. */
export interface Room {
  /** So many bytes were written. True when there is no more room, and it is worth looking. */
  take(bytes: number): boolean
  /** What was found: bytes of all recordings and, where it is known, free on the disk. */
  measured(usage: number, free: number | undefined): void
  /** Bytes that all recordings together can come to. */
  readonly capacity: number
}

/** Where nothing can be deleted it is looked again only after this share of the capacity was written. */
const STEP_SHARE = 1 / 1_000

export function createRoom(limits: { readonly maxBytes: number; readonly minFreeBytes: number }): Room {
  let left = Number.POSITIVE_INFINITY
  let capacity: number | undefined
  return {
    take(bytes) {
      left -= bytes
      return left < 0
    },
    measured(usage, free) {
      const onDisk = free === undefined ? Number.POSITIVE_INFINITY : free - limits.minFreeBytes
      capacity = Math.min(limits.maxBytes, usage + Math.max(0, onDisk))
      const room = Math.min(limits.maxBytes - usage, onDisk)
      left = room >= 0 ? room : capacity * STEP_SHARE
    },
    get capacity() {
      return capacity ?? limits.maxBytes
    },
  }
}
