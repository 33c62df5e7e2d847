import type { TrackId } from '@bandstand/media/access-unit.ts'
import { isEpochOf, type TemplateName } from '../../dash/names.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import { type BroadcastTiming, type Epoch, type EpochTrack, type Part, type RenditionRole, trackOf } from '../model.ts'
import type { Peak } from './multivariant.ts'
import {
  gapSegment,
  gapsBefore,
  gapsBetween,
  isGrowing,
  isListed,
  seconds,
  type WindowPart,
  type WindowSegment,
} from './segments.ts'

/** The segments that a rendition lists, those that have just left its playlist, and their parts. */
export interface Listed {
  /** Oldest first; only the last may be growing. */
  readonly segments: readonly WindowSegment[]
  /** The number of the part that comes next, once that is known. */
  readonly nextPart: number | undefined
  /** Part by number, also of segments that are no longer listed. */
  part(number: number): WindowPart | undefined
  /** The complete segment of exactly these parts, also when it is no longer listed. */
  segment(firstPart: number, lastPart: number): WindowSegment | undefined
  /** A segment by its name in DASH, also one in the making. */
  named(name: TemplateName): WindowSegment | undefined
  /** The track as the initialisation segment of this number describes it. */
  described(initNumber: number): EpochTrack | undefined
  addInit(track: EpochTrack): void
  /** Entries that were recorded, or that stand for numbers without media. */
  restore(entries: readonly WindowSegment[]): void
  /** @param isHeld the segment that the part closes goes on being listed as one in the making, until `close` or the next part */
  add(part: Part, epoch: Epoch, initNumber: number | undefined, isHeld?: boolean): WindowPart
  /** Lists the newest segment as a whole. */
  close(): void
  /** Drops from the front what is too old. @param isGone what can no longer be had, and so must not be listed */
  slide(isGone: (segment: WindowSegment) => boolean): void
  clear(): void
  /** Over complete segments of the newest configuration, and of those before it that are still listed. */
  readonly peak: Peak
}

/**
 * @param firstPart first part number that may come, where that is known.
 * @param role a rung lists what is in memory, and neither it nor a brought rendition lists a segment of which something is missing:
 *   the source has all of it.
 */
export function createListed(
  track: TrackId,
  timing: BroadcastTiming,
  firstPart: number | undefined,
  role: RenditionRole = 'source',
): Listed {
  const listedSeconds = role === 'rung' ? WINDOW_LIMITS.rungListed : WINDOW_LIMITS.listed
  let segments: WindowSegment[] = []
  /** Left the playlist, still to be had. */
  let lingering: WindowSegment[] = []
  const byPart = new Map<number, WindowPart>()
  const inits = new Map<number, EpochTrack>()
  let nextPart = firstPart
  /** The highest bitrate of a segment for each configuration that is listed, and the newest. */
  const bitrates = new Map<number | undefined, number>()
  let measured = 0
  /** Configuration of the measured segments: an encoder that comes with another one may send much more, or less. */
  let measuredInit: number | undefined

  /** Numbers without media between what is listed and this segment, and before the very first one. */
  function bridge(to: WindowSegment): void {
    const last = segments.at(-1)
    if (last === undefined) {
      segments.push(...gapsBefore(to.msn, 3, to, timing.targetDuration * to.timescale))
      return
    }
    // What a crash or restart cut short is over.
    last.closed = true
    last.complete = true
    segments.push(...gapsBetween(last, to))
  }

  function open(part: Part, epoch: Epoch, initNumber: number | undefined): WindowSegment {
    // The sample rate, and with it the timescale, may be another one after an encoder came back.
    const config = trackOf(epoch, track)?.config
    const timescale = config?.timescale ?? segments.at(-1)?.timescale ?? 1
    const fresh: WindowSegment = {
      ...gapSegment(part.msn, { epoch, start: part.start, duration: 0, timescale, initNumber }),
      firstPart: part.number,
      lastPart: part.number,
      complete: false,
      closed: false,
      openedAt: part.closedAt,
    }
    bridge(fresh)
    const before = segments.at(-1)
    const segment = { ...fresh, discontinuity: before !== undefined && before.epoch.id !== epoch.id }
    segments.push(segment)
    configured(initNumber)
    return segment
  }

  function configured(initNumber: number | undefined): void {
    if (initNumber !== measuredInit) measured = 0
    measuredInit = initNumber
  }

  function measure(segment: WindowSegment): void {
    if (segment.gap) return
    configured(segment.initNumber)
    if (seconds(segment) < 1) return
    bitrates.set(measuredInit, Math.max(bitrates.get(measuredInit) ?? 0, (segment.size * 8) / seconds(segment)))
    measured++
  }

  function forgetBitrates(): void {
    const needed = new Set([measuredInit, ...segments.map((s) => s.initNumber)])
    for (const number of bitrates.keys()) if (!needed.has(number)) bitrates.delete(number)
  }

  function forgetInits(): void {
    const needed = new Set([...lingering, ...segments].map((s) => s.initNumber))
    const newest = Math.max(...inits.keys())
    for (const number of inits.keys()) if (!needed.has(number) && number !== newest) inits.delete(number)
  }

  return {
    get segments() {
      return segments
    },
    get nextPart() {
      return nextPart
    },
    part: (number) => byPart.get(number),
    segment(first, last) {
      const is = (s: WindowSegment) => s.complete && !s.gap && s.firstPart === first && s.lastPart === last
      return segments.findLast(is) ?? lingering.findLast(is)
    },
    named(name) {
      const is = (s: WindowSegment) =>
        (isListed(s) || isGrowing(s)) && s.start === name.time && isEpochOf(s.epoch, name)
      return segments.findLast(is) ?? lingering.findLast(is)
    },
    described: (initNumber) => inits.get(initNumber),
    addInit: (own) => {
      inits.set(own.initNumber, own)
    },
    restore(entries) {
      segments.push(...entries)
      for (const { parts } of entries) for (const part of parts) byPart.set(part.number, part)
      for (const entry of entries) measure(entry)
    },
    add(part, epoch, initNumber, isHeld = false) {
      const last = segments.at(-1)
      const isOther = last === undefined || last.complete || last.msn !== part.msn
      const segment = isOther ? open(part, epoch, initNumber) : last
      const kept: WindowPart = {
        number: part.number,
        seconds: part.duration / segment.timescale,
        independent: part.independent,
        gap: part.gap,
        size: part.bytes.byteLength,
        bytes: part.gap ? undefined : part.bytes,
      }
      if (segment.gap && !part.gap) segment.initNumber = initNumber
      segment.parts.push(kept)
      segment.lastPart = part.number
      segment.duration += part.duration
      segment.size += kept.size
      segment.gap &&= part.gap
      if (role !== 'source' && part.last) segment.gap = segment.parts.some(({ gap }) => gap)
      if (part.nextIndependent === false) segment.nextIndependent = false
      // A gap lists parts of its own as soon as it is whole; there is nothing of it to be lost.
      segment.closed = part.last
      segment.complete = part.last && (segment.gap || !isHeld)
      byPart.set(part.number, kept)
      nextPart = part.number + 1
      if (part.last) measure(segment)
      return kept
    },
    close() {
      const last = segments.at(-1)
      if (last === undefined) return
      last.closed = true
      last.complete = true
    },
    slide(isGone) {
      let total = segments.reduce((sum, s) => sum + seconds(s), 0)
      const newest = segments.at(-1)
      // Of whole segments (RFC 8216bis §6.2.2).
      const least = 3 * timing.targetDuration + (newest === undefined || newest.complete ? 0 : seconds(newest))
      // What stands before it goes too, be it a gap or in the store: nothing may be listed from the middle on.
      let gone = segments.findLastIndex((segment) => segment.complete && isGone(segment))
      for (;;) {
        const first = segments[0]
        if (first === undefined || total - seconds(first) < least) break
        const isTooMuch = total - seconds(first) >= listedSeconds || segments.length > WINDOW_LIMITS.segments
        if (!isTooMuch && gone < 0) break
        gone--
        total -= seconds(first)
        segments.shift()
        lingering.push(first)
      }
      let kept = lingering.reduce((sum, s) => sum + seconds(s), 0)
      while (lingering.length > 0 && kept > WINDOW_LIMITS.lingering) {
        const oldest = lingering.shift()
        kept -= oldest === undefined ? 0 : seconds(oldest)
        for (const part of oldest?.parts ?? []) byPart.delete(part.number)
      }
      forgetInits()
      forgetBitrates()
    },
    clear() {
      segments = []
      lingering = []
      byPart.clear()
    },
    get peak() {
      return { bitrate: Math.max(0, ...bitrates.values()), segments: measured }
    },
  }
}
