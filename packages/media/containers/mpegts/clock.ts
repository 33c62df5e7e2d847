/** Values of a 33-bit counter. */
const RANGE = 2 ** 33
/** Far from both ends of what a number holds exactly: who jumps half the range a million times over begins anew. */
const FARTHEST = 2 ** 51

/** Brings the 33-bit times of a programme (90 kHz) into one count without borders. All its streams share one. */
export class TsClock {
  #last: number | undefined

  /** @param near unwrapped time that the first one is brought near to; as it is sent without. */
  constructor(near?: number) {
    this.#last = near
  }

  /** The time nearest to the one before, in ticks of 90 kHz. */
  unwrap(time: number): number {
    const last = this.#last
    if (last === undefined || Math.abs(last) > FARTHEST) return (this.#last = time)
    const turns = Math.round((last - time) / RANGE)
    return (this.#last = time + turns * RANGE)
  }
}
