/** What was received over a sliding window, bytes, messages or units, in buckets of one fifth of it. */
export class TrafficMeter {
  readonly #windowMs: number
  readonly #buckets = new Float64Array(5)
  #bucket = 0
  #since: number | undefined
  #sum = 0

  /** @param windowMs length of the window in milliseconds. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Counts `amount` at `now` (ms) and returns the sum over the window. */
  add(amount: number, now: number): number {
    const step = this.#windowMs / this.#buckets.length
    this.#since ??= now
    let passed = Math.floor((now - this.#since) / step)
    if (passed > 0) {
      this.#since += passed * step
      for (passed = Math.min(passed, this.#buckets.length); passed > 0; passed--) {
        this.#bucket = (this.#bucket + 1) % this.#buckets.length
        this.#sum -= this.#buckets[this.#bucket] as number
        this.#buckets[this.#bucket] = 0
      }
    }
    this.#buckets[this.#bucket] = (this.#buckets[this.#bucket] as number) + amount
    this.#sum += amount
    return this.#sum
  }
}
