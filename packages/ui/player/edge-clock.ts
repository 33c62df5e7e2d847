/**
 * How far behind live the picture is, from program date time and this machine's clock, which may be wrong.
 *
 * At each playlist update the playlist's last date and the local time are compared. A frame reaches the playlist some
 * tenths of a second after it was made, so the difference is small and positive where both clocks are right. Where it is
 * not, the local clock is off and the smallest difference seen corrects it.
 */
export interface EdgeClock {
  /** A fresh playlist arrived. @param edge date of its end. @param now local time. Unix milliseconds. */
  update(edge: number, now: number): void
  /** Seconds between the frame and now, never negative. @param date program date time of the frame. */
  behind(date: number, now: number): number
  /** Where the live edge is by now, Unix milliseconds of the broadcast. */
  edge(now: number): number
}

/** Differences within these bounds (milliseconds) are what a right clock shows. */
const plausible = { least: -250, most: 2500 }
/** What a frame usually takes from the encoder into the playlist, assumed for a wrong clock; milliseconds. */
const usual = 400
const kept = 20

export function createEdgeClock(): EdgeClock {
  let samples: number[] = []
  let lastEdge = 0
  function skew(): number {
    if (samples.length === 0) return 0
    const smallest = Math.min(...samples)
    return smallest >= plausible.least && smallest <= plausible.most ? 0 : smallest - usual
  }
  return {
    update(edge, now) {
      if (edge === lastEdge) return
      lastEdge = edge
      samples = [...samples.slice(1 - kept), now - edge]
    },
    behind(date, now) {
      return Math.max(0, (now - skew() - date) / 1000)
    },
    edge(now) {
      return now - skew()
    },
  }
}
