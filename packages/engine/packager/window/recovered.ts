import type { AssetIndex, AssetTrack, IndexedPart, IndexedSegment } from '../../store/port.ts'
import { PACKAGER_LIMITS, WINDOW_LIMITS } from '../limits.ts'
import { type Epoch, initFor, trackOf, withoutBrought } from '../model.ts'
import {
  beforeJoining,
  firstGap,
  gapSeconds,
  gapsBefore,
  gapsBetween,
  seconds,
  type WindowPart,
  type WindowSegment,
} from './segments.ts'

/** Where a broadcast goes on after a restart. */
export interface ResumePoint {
  /** First media time, 90 kHz ticks. */
  readonly start: number
  readonly epoch: number
  /** First media sequence number. */
  readonly msn: number
  /** Program date time of `start` at the earliest, Unix milliseconds. */
  readonly notBefore: number
}

/**
 * The end of what was recorded: times only rise within a broadcast, also across restarts. An epoch of which nothing was
 * recorded (the process died in its first part) gives its number to the next: numbers of epochs are those of
 * discontinuities, and one that is nowhere to be seen would be counted when the playlist moves past it (RFC 8216bis
 * §6.2.2). Where viewers were shown more than was recorded, they have seen that epoch, and times after the end.
 */
export function resumePoint(index: AssetIndex): ResumePoint {
  const last = index.epochs.at(-1)
  const { end, epoch: seen } = recordedEnd(index)
  const notBefore = last === undefined ? 0 : last.wallClock + (end - last.start) / 90
  const unrecorded = shownUnrecorded(index)
  const isBehind = leavesBehind(index)
  // No segment is longer.
  const start = end + unrecorded * index.timing.targetDuration * 90_000
  const newest = isBehind ? last?.id : (seen ?? last?.id)
  const msn = index.next.msn + (isBehind ? OPENING_GAPS : 0)
  return { start, epoch: newest === undefined ? 0 : newest + 1, msn, notBefore }
}

/** The newest of what was recorded. */
interface RecordedEnd {
  /** Media time, 90 kHz ticks; where the newest epoch begins when nothing was recorded of it. */
  readonly end: number
  /** `undefined` when nothing was recorded. */
  readonly epoch: number | undefined
  /** -1 when nothing was recorded. */
  readonly msn: number
}

function recordedEnd(index: AssetIndex): RecordedEnd {
  let end = index.epochs.at(-1)?.start ?? 0
  let epoch: number | undefined
  let msn = -1
  for (const track of index.tracks) {
    const segment = track.segments.at(-1)
    if (segment === undefined) continue
    // A crash may come between a picture and the B-frames that are shown before it.
    const overhang = track.recent?.at(-1)?.overhang ?? 0
    end = Math.max(end, Math.ceil(((segment.start + segment.duration + overhang) * 90_000) / segment.timescale))
    epoch = Math.max(epoch ?? 0, segment.epoch)
    msn = Math.max(msn, segment.msn)
  }
  return { end, epoch, msn }
}

/**
 * Sequence numbers after the last recorded one, where viewers were shown segments there: a disk took nothing for a while. 0
 * where the store knows of none and crashes explain them. A disk that takes no note takes no reservation either.
 */
function shownUnrecorded(index: AssetIndex): number {
  const missing = index.next.msn - 1 - recordedEnd(index).msn
  return index.unrecorded === true || missing > PACKAGER_LIMITS.unshownSegments ? missing : 0
}

/** Gaps as long as the target duration that a playlist of nothing else needs (RFC 8216bis §4.4.3.8). */
const OPENING_GAPS = 3

/**
 * Nothing that was recorded can be listed: viewers were shown segments after it, or before the newest of it, that were not,
 * and what a playlist has listed must not become a gap (§6.2.1).
 */
function leavesBehind(index: AssetIndex): boolean {
  if (shownUnrecorded(index) > 0) return true
  const { rows, isInterrupted } = uninterrupted(index)
  return isInterrupted && rows.reduce((sum, row) => sum + row, 0) < 3 * index.timing.targetDuration
}

/**
 * Seconds of the newest numbers, newest first, back to where no track has media: the disk did not take what viewers were
 * shown there. No more than are listed.
 */
function uninterrupted({ tracks }: AssetIndex): { readonly rows: readonly number[]; readonly isInterrupted: boolean } {
  const rows: number[] = []
  for (let seconds = 0; seconds < WINDOW_LIMITS.listed && rows.length < WINDOW_LIMITS.segments; ) {
    const row = tracks.map(({ segments }) => segments.at(-1 - rows.length)).filter((segment) => segment !== undefined)
    const [first] = row
    if (first === undefined) break
    if (row.every(({ gap }) => gap)) return { rows, isInterrupted: true }
    const length = first.duration / first.timescale
    rows.push(length)
    seconds += length
  }
  return { rows, isInterrupted: false }
}

/**
 * The newest recorded segments of a track as the live window lists them, with gaps where numbers are missing, and gaps
 * before them where they are too short to play from. Only gaps, with new numbers, where viewers have been shown what was
 * not recorded.
 */
export function recoveredSegments(index: AssetIndex, track: AssetTrack): readonly WindowSegment[] {
  if (leavesBehind(index)) return openingGaps(index, track)
  const most = uninterrupted(index).rows.length
  const { targetDuration } = index.timing
  const recent: IndexedSegment[] = []
  // Less than the process before listed, which may have listed media at its end that were never recorded: what it had
  // taken off the front must not come back (RFC 8216bis §6.2.2).
  const listed = WINDOW_LIMITS.listed - targetDuration
  let length = 0
  // And it may have listed all numbers that it had reserved.
  let count = index.next.msn - 1 - (track.segments.at(-1)?.msn ?? index.next.msn - 1)
  for (let i = track.segments.length - 1; i >= 0; i--) {
    const segment = track.segments.at(i)
    if (segment === undefined || length >= listed || recent.length >= most) break
    // With the numbers that `gapsBetween` puts behind it.
    const missing = (recent[0]?.msn ?? segment.msn + 1) - segment.msn - 1
    count += 1 + missing
    if (count > WINDOW_LIMITS.segments) break
    recent.unshift(segment)
    length += segment.duration / segment.timescale + gapSeconds(missing)
  }
  const out: WindowSegment[] = []
  for (const [i, segment] of recent.entries()) {
    const noted = index.epochs.findLast((e) => e.id === segment.epoch)
    if (noted === undefined) continue
    const epoch = withoutBrought(noted)
    const before = out.at(-1)
    const joining = segment.gap ? joiningAt(index, track, i - recent.length, epoch) : undefined
    const discontinuity = before !== undefined && before.epoch.id !== epoch.id
    const entry =
      joining !== undefined
        ? { ...joining, discontinuity }
        : restored(segment, epoch, track, {
            start: ownStart(track, i - recent.length),
            discontinuity,
            endsEpoch: recent[i + 1]?.epoch !== segment.epoch,
            initNumber: initFor(noted, track.track, segment.firstPart)?.initNumber,
          })
    if (before !== undefined) out.push(...gapsBetween(before, entry))
    out.push(entry)
  }
  const newest = out.at(-1)
  if (newest !== undefined && index.next.msn > newest.msn + 1) out.push(firstGap(newest))
  const first = out[0]
  if (first === undefined) return out
  const duration = targetDuration * first.timescale
  const needed = Math.ceil(Math.max(0, 3 * targetDuration - total(out)) / targetDuration)
  return [...gapsBefore(first.msn, needed, first, duration), ...out]
}

/**
 * What is listed of sound for a time before it joined: as the process before had it.
 *
 * @param place of the row, from the end of the index.
 */
function joiningAt(
  { epochs, tracks }: AssetIndex,
  { track, kind }: AssetTrack,
  place: number,
  epoch: Epoch,
): WindowSegment | undefined {
  const first = epochs.find((e) => e.tracks.some((t) => t.track === track))
  const like = first?.tracks.find((t) => t.track === track)
  if (kind !== 'audio' || first === undefined || like === undefined || first.id <= epoch.id) return undefined
  const beside = tracks.map(({ segments }) => segments.at(place)).find((segment) => segment?.gap === false)
  return beside && beforeJoining({ ...beside, epoch, discontinuity: false }, like)
}

/** The first numbers that were never shown, as gaps: new parts follow on them, as at the begin of a broadcast. */
function openingGaps(index: AssetIndex, { track, segments }: AssetTrack): readonly WindowSegment[] {
  const noted = index.epochs.at(-1)
  if (noted === undefined) return []
  const epoch = withoutBrought(noted)
  const own = trackOf(epoch, track)
  const timescale = own?.config.timescale ?? segments.at(-1)?.timescale ?? 90_000
  const end = Math.round((recordedEnd(index).end * timescale) / 90_000)
  const duration = index.timing.targetDuration * timescale
  const like = { epoch, start: end, duration, timescale, initNumber: own?.initNumber }
  return gapsBefore(index.next.msn + OPENING_GAPS, OPENING_GAPS, like, duration)
}

/**
 * Where a row of the track begins. One of which the track has nothing: on the track's own clock, where what was lost of it
 * began; the index has it from another track's.
 *
 * @param place of the row, from the end of the index.
 */
function ownStart({ segments }: AssetTrack, place: number): number {
  let row = segments.at(place)
  let after = 0
  for (let at = place; row !== undefined && isBare(row) && segments.length + at > 0; at--) {
    const before = segments.at(at - 1)
    if (before?.epoch !== row.epoch) break
    after += before.duration
    row = before
  }
  return (row?.start ?? 0) + after
}

/** The track has nothing of it. */
function isBare({ firstPart, lastPart }: IndexedSegment): boolean {
  return lastPart < firstPart
}

function restored(
  segment: IndexedSegment,
  epoch: Epoch,
  { recent = [] }: AssetTrack,
  known: Pick<WindowSegment, 'start' | 'discontinuity' | 'initNumber'> & { readonly endsEpoch: boolean },
): WindowSegment {
  const { start, discontinuity, endsEpoch, initNumber } = known
  const closing = recent.findLast(({ number }) => number === segment.lastPart)
  // Without its end the process before may have listed more of them.
  const parts = closing?.last === true ? recentParts(segment, recent) : []
  return {
    msn: segment.msn,
    epoch,
    start,
    duration: segment.duration,
    timescale: segment.timescale,
    firstPart: segment.firstPart,
    lastPart: segment.lastPart,
    parts,
    independent: segment.independent,
    size: segment.size,
    gap: segment.gap,
    complete: true,
    closed: true,
    bare: isBare(segment),
    whole: closing?.last ?? !endsEpoch,
    discontinuity,
    initNumber,
  }
}

/**
 * The parts of a recovered segment, as the process before listed them: players begin with new parts only where parts
 * were listed before them (hls.js `shouldLoadParts`). None where not all of them are known.
 */
function recentParts(segment: IndexedSegment, recent: readonly IndexedPart[]): WindowPart[] {
  const parts = recent.filter((part) => part.msn === segment.msn)
  if (parts[0]?.number !== segment.firstPart || parts.at(-1)?.number !== segment.lastPart) return []
  return parts.map(({ number, duration, size, independent, gap }) => {
    return { number, seconds: duration / segment.timescale, independent, gap, size, bytes: undefined }
  })
}

function total(segments: readonly WindowSegment[]): number {
  return segments.reduce((sum, s) => sum + seconds(s), 0)
}
