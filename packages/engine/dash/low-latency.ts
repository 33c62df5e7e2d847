/**
 * DASH with low latency (ISO/IEC 23009-1 5.3.9.2.2, 5.3.9.5.3 and annex K; DASH-IF IOP v5 part 4 clause 6, ETSI TS 103 285
 * 10.20): the segment in the making is listed with the duration it will have, and its answer goes on until it is whole.
 *
 * What DASH-IF calls a legacy setup, without ProducerReferenceTime and Resync: a period's start is the wall clock of its
 * presentation time offset.
 */
export interface LowLatency {
  /** Seconds that segments last. */
  readonly segment: number
  /** Seconds from the begin of a segment, by the clock, until its first part is there; of the slowest track. */
  readonly late: number
}

/** Segments that are looked at, how many of them must last equally long, and how many there must be. */
const LOOKED_AT = 4
const ALIKE = 3
/** Seconds by which equally long segments differ: encoders round their timestamps to milliseconds. */
const ROUNDING = 0.0011

/** Seconds after which players look for the next segment, at most. */
const LONGEST_UPDATE = 1
/** Seconds of media that players have in hand when they have just learnt of a segment. */
const IN_HAND = 2
/** Latency that is aimed at, at least; seconds. */
const LEAST_LATENCY = 3
/** Seconds that a player should have before it begins: three parts. */
const MIN_BUFFER = 1

/**
 * How long the segment in the making will last, judged by those before it. One of four may be another: encoders put a key
 * frame where the picture changes, and go on as before. Rather too long than too short, because players go on from the end
 * that was listed and would ask for the same segment again.
 *
 * @param durations oldest first; ticks of `timescale`.
 * @returns `undefined` where segments are not regular.
 */
export function predictedDuration(durations: readonly number[], timescale: number): number | undefined {
  const newest = durations.slice(-LOOKED_AT)
  for (const candidate of newest) {
    const alike = newest.filter((other) => Math.abs(other - candidate) <= ROUNDING * timescale)
    if (alike.length >= ALIKE) return Math.max(...alike)
  }
  return undefined
}

/** How many frames of this length belong to a segment that begins at `start`: the cut is nearest to `border`. */
export function framesUntil(border: number, start: number, frame: number): number {
  return Math.max(1, Math.ceil((border - start) / frame - 0.5))
}

/**
 * Seconds before its end at which a segment may be asked for; to a tenth, for every change is one of the manifest.
 *
 * @returns `undefined` where a segment is over before anyone could be told of it.
 */
export function earlyBy({ segment, late }: LowLatency): number | undefined {
  const early = Math.floor((segment - Math.max(0, late)) * 10) / 10
  return early >= LEAST_EARLY ? early : undefined
}

/** Seconds; for less it is not worth while. */
const LEAST_EARLY = 0.5

/**
 * What a manifest says to players, in seconds: `latency` is where they should be, `delay` how far from the live edge those
 * stay that know nothing of it.
 *
 * @param longest as `maxSegmentDuration` says.
 */
export function lowLatencyTimes({ segment, late }: LowLatency, longest: number) {
  const update = Math.min(LONGEST_UPDATE, segment / 4)
  const latency = Math.max(LEAST_LATENCY, Math.ceil((late + update + IN_HAND) * 10) / 10)
  // Shaka Player 5 takes the end of what is listed for the live edge, and adds how early segments are: it would begin where
  // there is nothing yet.
  const ahead = segment - late + (segment - longest) + (segment - late)
  return { delay: Math.max(latency, Math.ceil((ahead + MIN_BUFFER) * 10) / 10), latency, minBuffer: MIN_BUFFER, update }
}
