/**
 * Whether a player really played, judged by what was recorded while it did: a picture that stands, sound that waits and
 * media that is missing are faults, however many pictures there were in all.
 */

/** A picture that a page showed. */
export interface Shown {
  /** Media time in seconds. */
  readonly media: number
  /** Wall clock in ms. */
  readonly at: number
  /** Pictures decoded until then, those that were never shown included. */
  readonly decoded: number
  /** A few bits of what it looked like. */
  readonly look: number
}

/** What a page recorded from one moment to another. */
export interface Playback {
  /** Wall clock in ms at which recording began and ended. */
  readonly from: number
  readonly to: number
  readonly shown: readonly Shown[]
  /** Wall clock in ms of each `waiting` event: the player ran out of media. */
  readonly waiting: readonly number[]
  /** Part of the time, 0 to 1, in which something on this machine waited for a processor. */
  readonly starved: number
}

export interface Expected {
  readonly frameRate: number
  /** Leaps of media time that are no fault: discontinuities and gaps that the test made. None unless it says so. */
  readonly leaps?: number
  /**
   * The encoder was away, so there was nothing left to play: who does not slow down afterwards, as hls.js, plays each part
   * as it comes and waits a moment for the next. Picture and sound go on all the same.
   */
  readonly fromPartToPart?: boolean
}

/** A picture may stand this long, ms: a busy machine shows one late. */
const standing = 700
/** Media time between pictures shown one after the other, seconds: a busy machine leaves some out. */
const hole = 0.5
/** Pictures by which a decoder is further ahead of what is shown at one time than at another. */
const ahead = 10
/** Of the wall clock: what a player may fall behind, for it steers towards its latency. */
const slowest = 0.9

/** What was wrong with a playback, a line each; none where it went on from its first to its last moment. */
export function findInterruptions(
  playback: Playback,
  { frameRate, leaps = 0, fromPartToPart = false }: Expected,
): string[] {
  const { from, to, shown, waiting } = playback
  const [first] = shown
  const last = shown.at(-1)
  if (first === undefined || last === undefined) return ['no picture was shown']
  const faults = fromPartToPart ? [] : waiting.map((at) => `waited for media ${ms(at - from)} in`)
  let played = 0
  let changes = 0
  let leapt = 0
  let missing = 0
  for (const [i, now] of shown.entries()) {
    const before = shown[i - 1]
    if (now.at - (before?.at ?? from) > standing) faults.push(stood((before?.at ?? from) - from, now.at - from))
    if (before === undefined) continue
    const step = now.media - before.media
    if (now.look !== before.look) changes++
    if (step < 0 || step > hole) {
      leapt++
      if (leapt > leaps) faults.push(`media time leapt from ${before.media.toFixed(3)} to ${now.media.toFixed(3)} s`)
      continue
    }
    played += step
    missing += step * frameRate - (now.decoded - before.decoded)
  }
  if (to - last.at > standing) faults.push(stood(last.at - from, to - from))
  if (played * 1000 < (to - from) * slowest && leaps === 0)
    faults.push(`played ${ms(played * 1000)} in ${ms(to - from)}`)
  if (changes < (shown.length - 1) * 0.9) faults.push(`only ${changes} of ${shown.length} pictures differed`)
  if (missing > ahead) faults.push(`${Math.round(missing)} pictures of the stream were never decoded`)
  return faults
}

const ms = (value: number) => `${Math.round(value)} ms`
const stood = (from: number, to: number) => `the picture stood from ${ms(from)} to ${ms(to)}`

/** What is wrong with times of decoded pictures in seconds, in the order they came: each is to be a frame after the last. */
export function findHoles(times: readonly number[], frameRate: number): string[] {
  return times.flatMap((time, i) => {
    const before = times[i - 1]
    if (before === undefined || Math.abs((time - before) * frameRate - 1) < 0.25) return []
    return [`${time.toFixed(4)} s follows ${before.toFixed(4)} s`]
  })
}
