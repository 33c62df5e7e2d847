import type { Epoch, EpochTrack } from '../model.ts'
import { type SilentSegment, silentSegment } from '../silence.ts'

/** A part in the window. */
export interface WindowPart {
  readonly number: number
  readonly seconds: number
  readonly independent: boolean
  readonly gap: boolean
  /** It came while nothing was recorded: there is no other place to have it from than memory. */
  unrecorded?: boolean
  readonly size: number
  /** `undefined` once it has left memory. */
  bytes: Uint8Array | undefined
}

/** A segment in the window: the list of its parts, or only their numbers when it comes from the store. */
export interface WindowSegment {
  readonly msn: number
  readonly epoch: Epoch
  /** Ticks of the track's timescale; for entries without media of the playlist's own too. */
  readonly start: number
  duration: number
  readonly timescale: number
  readonly firstPart: number
  lastPart: number
  parts: WindowPart[]
  /** Of one from the store, whose parts may not be known: its media begin with a key frame. */
  readonly independent?: boolean
  /** Its last part says that the source's next segment does not begin with a key frame; not known of one from the store. */
  nextIndependent?: false
  size: number
  /** All of it is a gap so far. */
  gap: boolean
  /** Of a gap: listed as silence. */
  readonly silence?: SilentSegment
  complete: boolean
  /** Its last part is there: it is `complete` as soon as that is written. */
  closed: boolean
  /** When its first part was there, Unix milliseconds; only of what this process made. */
  readonly openedAt?: number
  /** A gap without parts: at its number, a killed process may have listed some that were lost. */
  readonly bare: boolean
  /** The first of the numbers that stand for what a killed process may have listed, see {@link firstGap}. */
  readonly afterKill?: true
  /** False where a crash may have cut it short after it had been shown whole. */
  readonly whole: boolean
  /** First segment of an epoch that is not the first. */
  readonly discontinuity: boolean
  /** Initialisation segment that its media needs; of a rung it is known with the first of it. */
  initNumber: number | undefined
}

/** Seconds. */
export function seconds(segment: WindowSegment): number {
  return segment.duration / segment.timescale
}

/** Listed in DASH, whose names stand for whole segments. */
export function isListed({ complete, gap, whole }: WindowSegment): boolean {
  return complete && whole && !gap
}

/** Its media are known not to begin with a key frame; never of sound. */
export function isDependent({ parts, independent, gap }: WindowSegment): boolean {
  return !gap && (parts.find((part) => !part.gap)?.independent ?? independent) === false
}

/**
 * In the making, and so far without a hole: it has its name in DASH already, for nothing but more parts can come. (What a crash
 * cut short is complete.)
 */
export function isGrowing({ complete, whole, parts }: WindowSegment): boolean {
  return !complete && whole && parts.length > 0 && !parts.some(({ gap }) => gap)
}

/** Wall clock of the segment's first frame, Unix milliseconds. */
export function programDateTime({ epoch, start, timescale }: WindowSegment): number {
  return Math.round(epoch.wallClock + ((start / timescale) * 90_000 - epoch.start) / 90)
}

/** An entry without media, for numbers that have none. */
export function gapSegment(
  msn: number,
  like: Pick<WindowSegment, 'epoch' | 'start' | 'duration' | 'timescale' | 'initNumber'>,
  discontinuity = false,
): WindowSegment {
  return {
    msn,
    epoch: like.epoch,
    start: like.start,
    duration: like.duration,
    timescale: like.timescale,
    firstPart: 0,
    lastPart: 0,
    parts: [],
    size: 0,
    gap: true,
    complete: true,
    closed: true,
    bare: false,
    whole: true,
    discontinuity,
    initNumber: like.initNumber,
  }
}

type GapLike = Parameters<typeof gapSegment>[1]

/**
 * Entries without media for the numbers right before `msn`, as many as there can be of `count`.
 *
 * @param duration ticks of each.
 */
export function gapsBefore(msn: number, count: number, like: GapLike, duration: number): WindowSegment[] {
  const length = Math.min(count, msn)
  return Array.from({ length }, (_, i) => {
    const back = length - i
    return gapSegment(msn - back, { ...like, start: like.start - back * duration, duration })
  })
}

/**
 * The entry of sound that has not joined yet, beside a segment of pictures: silence, or a gap where none can be made. The
 * same whenever it is made, before a restart and after it.
 *
 * @param like the sound as it is when it joins.
 */
export function beforeJoining(
  beside: Pick<WindowSegment, 'msn' | 'epoch' | 'start' | 'duration' | 'timescale' | 'gap' | 'discontinuity'>,
  like: EpochTrack,
): WindowSegment {
  const silence = beside.gap ? undefined : silentSegment(beside, beside.epoch, like)
  const { timescale } = like.config
  const ticks = (time: number) => Math.round((time * timescale) / beside.timescale)
  const { start, duration } = silence ?? { start: ticks(beside.start), duration: Math.max(1, ticks(beside.duration)) }
  const entry = { epoch: beside.epoch, start, duration, timescale, initNumber: silence?.initNumber }
  return { ...gapSegment(beside.msn, entry, beside.discontinuity), ...(silence && { silence }) }
}

/** The entry of a rung beside a segment of its source, for a number at which it was not made. */
export function gapBeside(
  { msn, epoch, start, duration, timescale: of, discontinuity }: WindowSegment,
  timescale: number,
): WindowSegment {
  const ticks = (time: number) => Math.round((time * timescale) / of)
  const entry = { epoch, start: ticks(start), duration: Math.max(1, ticks(duration)), timescale, initNumber: undefined }
  return gapSegment(msn, entry, discontinuity)
}

/** Seconds that a number without media is listed with, whatever comes after it: that may be lost in the next crash. */
const GAP_SECONDS = 0.02

/** The entry for the first number after all that a killed process wrote, whose first parts may have been listed. */
export function firstGap(before: WindowSegment): WindowSegment {
  return { ...gapAfter(before, before.msn + 1), bare: true, afterKill: true }
}

/**
 * Entries without media for the numbers between two segments. They take next to no time, so that program date time goes on
 * rising over them: each process that reserved such numbers took longer to start.
 */
export function gapsBetween(before: WindowSegment, after: Pick<WindowSegment, 'msn'>): WindowSegment[] {
  const gaps: WindowSegment[] = []
  for (let last = before; last.msn + 1 < after.msn; ) {
    last = gaps.length === 0 && before.afterKill !== true ? firstGap(last) : gapAfter(last, last.msn + 1)
    gaps.push(last)
  }
  return gaps
}

function gapAfter(before: WindowSegment, msn: number): WindowSegment {
  const duration = Math.max(1, Math.round(GAP_SECONDS * before.timescale))
  return gapSegment(msn, { ...before, start: before.start + before.duration, duration })
}

/** Seconds of so many numbers without media between two segments. */
export function gapSeconds(count: number): number {
  return count * GAP_SECONDS
}
