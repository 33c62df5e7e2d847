/**
 * Turns 32-bit millisecond timestamps, which wrap after 49.7 days, into a count that does not. One for the whole
 * connection, so that audio and video wrap together. Each step is taken the short way round: up to 24.8 days forth or
 * back, so a jump back stays a jump back and values may be negative.
 */
export class TimestampUnwrapper {
  #last: number | undefined

  unwrap(timestamp: number): number {
    const last = this.#last
    const value = last === undefined ? timestamp : last + ((timestamp - last) | 0)
    this.#last = value
    return value
  }
}
