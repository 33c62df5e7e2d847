/** What a round trip is taken for before one was measured, and how much it varies, ms (§4.10). */
const FIRST = 100
const FIRST_VARIANCE = 50
/** Full ACKs whose acknowledgement may still come. Power of two. */
const KEPT = 256

/** The round trip, measured from full ACKs to their acknowledgements (§4.10). Milliseconds. */
export class RoundTrip {
  smoothed = FIRST
  variance = FIRST_VARIANCE
  #isMeasured = false
  readonly #numbers = new Uint32Array(KEPT)
  readonly #times = new Float64Array(KEPT)

  /** A full ACK goes out. @param number from 1 on */
  sent(number: number, now: number): void {
    this.#numbers[number & (KEPT - 1)] = number
    this.#times[number & (KEPT - 1)] = now
  }

  /** Its acknowledgement has come. @returns the round trip of this one; `undefined` where it was not asked for */
  acknowledged(number: number, now: number): number | undefined {
    const slot = number & (KEPT - 1)
    if (number === 0 || this.#numbers[slot] !== number) return undefined
    this.#numbers[slot] = 0
    const sample = Math.max(0, now - (this.#times[slot] as number))
    this.add(sample)
    return sample
  }

  /** A round trip that was measured, here or by the peer. Hostile peers may tell anything: it is bounded. */
  add(measured: number): void {
    const sample = Math.min(measured, 10_000)
    if (!this.#isMeasured) {
      this.#isMeasured = true
      this.smoothed = sample
      this.variance = sample / 2
      return
    }
    this.variance += (Math.abs(sample - this.smoothed) - this.variance) / 4
    this.smoothed += (sample - this.smoothed) / 8
  }

  get isMeasured(): boolean {
    return this.#isMeasured
  }
}
