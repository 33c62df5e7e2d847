/** Values of a 33-bit counter. */
const RANGE = 2 ** 33
/** Far from both ends of what a number holds exactly: who jumps half the range a million times over begins anew. */
const FARTHEST = 2 ** 51

/** Brings a 33-bit time of one stream into a count without borders, in ticks of 90 kHz. */
export type Unwrap = (time: number) => number

/**
 * The one count of a programme. Its pictures go on where they were, sounds go by the pictures; where there are none each goes on where it was:
 * of three streams on clocks of their own, each near the one before, the count would go around once with every frame.
 */
export class TsClock {
  /** The newest time of the pictures; of any stream as long as there are none. */
  #newest: number | undefined
  #hasPictures = false

  /** @param near unwrapped time that the first one is brought near to; as it is sent without. */
  constructor(near?: number) {
    this.#newest = near
  }

  pictures(): Unwrap {
    return (time) => {
      this.#hasPictures = true
      return (this.#newest = nearest(time, this.#newest))
    }
  }

  sound(): Unwrap {
    let last: number | undefined
    /** Where the pictures were then. */
    let beside: number | undefined
    return (time) => {
      const haveMoved = this.#hasPictures && this.#newest !== beside
      last = nearest(time, haveMoved ? this.#newest : (last ?? this.#newest))
      if (!this.#hasPictures) this.#newest = last
      beside = this.#newest
      return last
    }
  }
}

function nearest(time: number, to: number | undefined): number {
  if (to === undefined || Math.abs(to) > FARTHEST) return time
  return time + Math.round((to - time) / RANGE) * RANGE
}
