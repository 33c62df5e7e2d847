/** Samples of which the drift is taken: about 12 s of ACKs, as libsrt's CTsbpdTime has it (§4.7.1). */
const SAMPLES = 400

/**
 * The peer's clock as seen from here (§4.7): timestamps unwrapped, and the drift between the two clocks traced. Milliseconds.
 */
export class PeerClock {
  /** When the peer's clock showed 0, drift included. */
  #base: number
  /** Newest timestamp, microseconds, unwrapped. */
  #newest: number
  #sum = 0
  #count = 0
  #firstRoundTrip: number | undefined

  /** @param now the peer's clock need not be near 0, where 32 bits say all of it */
  constructor(peerStart: number, now: number) {
    this.#base = peerStart
    this.#newest = Math.max(0, (now - peerStart) * 1000)
  }

  /** When a packet with this timestamp was sent, on our clock. @param timestamp microseconds, 32 bits */
  timeOf(timestamp: number): number {
    return this.#base + this.#unwrapped(timestamp) / 1000
  }

  /**
   * A packet that the peer sends at once has come: by how much later or earlier than its timestamp says.
   *
   * @param roundTrip of this packet
   * @param isUsual false where the round trip shows that it lay somewhere, our own socket included: it says nothing of clocks
   */
  arrived(timestamp: number, roundTrip: number, isUsual: boolean, now: number): void {
    if (!isUsual) return
    this.#firstRoundTrip ??= roundTrip
    // What the way became longer by is no drift.
    this.#sum += now - this.timeOf(timestamp) - (roundTrip - this.#firstRoundTrip) / 2
    if (++this.#count < SAMPLES) return
    this.#base += this.#sum / this.#count
    this.#sum = 0
    this.#count = 0
  }

  #unwrapped(timestamp: number): number {
    const time = this.#newest + ((timestamp - this.#newest) | 0)
    if (time > this.#newest) this.#newest = time
    return time
  }
}
