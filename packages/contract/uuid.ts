/** What `rand_a` holds, 12 bits. */
const COUNTER_MOST = 0xfff

/** Unix ms in the newest UUID. */
let time = 0
let counter = 0

/**
 * A UUIDv7 (RFC 9562, 5.7), lowercase, that sorts after all earlier ones of this process: those of one millisecond are counted
 * from a random number on (6.2, method 1), and where the count is full, or the clock goes back, the time in it runs ahead.
 */
export function createUuid(): string {
  // Its last 64 bits are what a UUIDv7 ends with, too: the variant and 62 random bits.
  const random = crypto.randomUUID()
  const now = Date.now()
  if (now <= time && counter < COUNTER_MOST) counter += 1
  else {
    time = Math.max(now, time + 1)
    // The upper half is left to count in.
    counter = Number.parseInt(random.slice(0, 3), 16) >> 1
  }
  const ms = time.toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${random.slice(19)}`
}
