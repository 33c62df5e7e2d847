import type { TrackId } from '@bandstand/media/access-unit.ts'
import { earlyBy, framesUntil, type LowLatency, predictedDuration } from '../../dash/low-latency.ts'
import type { ListedSegment } from '../../dash/stretches.ts'
import { type Epoch, trackOf } from '../model.ts'
import type { Rendition } from './rendition.ts'
import { isGrowing, isListed, programDateTime, seconds, type WindowSegment } from './segments.ts'

/** What is being made now, where it can be foreseen. */
export interface InTheMaking extends LowLatency {
  /** Tracks with the seconds before its end at which a segment of theirs may be asked for. */
  readonly early: ReadonlyMap<TrackId, number>
  /** Segments with the duration that they will have; none of the encoder's where one has gone on for longer already. */
  readonly segments: readonly Foreseen[]
}

interface Foreseen extends ListedSegment {
  readonly track: TrackId
  readonly epoch: Epoch
  readonly made: WindowSegment
}

/** It was not to be foreseen after all: what has been said of it must be said anew. */
export function isOutgrown({ duration, made }: Foreseen): boolean {
  return made.duration > duration
}

type Track = Pick<Rendition, 'track' | 'kind' | 'segments'>

/** The newest segment, if it is in the making. */
function growing({ segments }: Track): WindowSegment | undefined {
  const last = segments.at(-1)
  return last !== undefined && isGrowing(last) ? last : undefined
}

/**
 * Foresees the segments in the making. All of the encoder's tracks, or none: a player that is told of one has to have the
 * others too.
 *
 * @param rungs renditions of the ladder: listed where they are being made, waited for by nobody.
 * @param longest seconds that no segment exceeds.
 * @returns `undefined` where segments are not regular, or come too late to be of use.
 */
export function inTheMaking(
  epoch: Epoch,
  tracks: readonly Track[],
  rungs: readonly Track[],
  longest: number,
): InTheMaking | undefined {
  const own = tracks.filter(({ track }) => epoch.tracks.some((known) => known.track === track))
  const lead = own.find(({ kind }) => kind === 'video') ?? own[0]
  if (lead === undefined || own.length < epoch.tracks.length || !own.every((track) => hasMedia(track, epoch)))
    return undefined
  const whole = usual(lead)
  if (whole === undefined) return undefined
  const expected = (made: WindowSegment) => expectedOf(made, lead, whole, longest)
  const early = new Map<TrackId, number>()
  let segments: Foreseen[] = []
  let slowest = 0
  let areForeseen = true
  for (const track of [...own, ...rungs]) {
    const isRung = !own.includes(track)
    const late = latenessOf(track)
    if (late === undefined && isRung) continue
    const by = late === undefined ? undefined : earlyBy({ segment: whole, late })
    if (by === undefined && !isRung) return undefined
    early.set(track.track, by ?? HARDLY_EARLY)
    const made = growing(track)
    if (by === undefined) continue
    slowest = Math.max(slowest, late ?? 0)
    if (made === undefined || made.epoch.id !== epoch.id) continue
    const duration = durationOf(made, track, lead, expected)
    const { start, timescale } = made
    if (duration !== undefined)
      segments.push({ track: track.track, epoch: made.epoch, start, timescale, duration, made })
    else if (!isRung) areForeseen = false
  }
  if (!areForeseen) segments = segments.filter(({ track }) => !own.some((other) => other.track === track))
  return { segment: whole, late: slowest, early, segments }
}

/** Seconds: Shaka Player takes a manifest in which one rendition is not early at all for one without low latency. */
const HARDLY_EARLY = 0.1

function hasMedia({ segments }: Track, epoch: Epoch): boolean {
  const last = segments.findLast((segment) => isListed(segment) || isGrowing(segment))
  return last?.epoch.id === epoch.id
}

/** The newest whole segments; of encoders before this one too, for most come back as they were. */
function newest({ segments }: Track, count: number): WindowSegment[] {
  const found: WindowSegment[] = []
  for (let i = segments.length - 1; i >= 0 && found.length < count; i--) {
    const segment = segments[i]
    if (segment !== undefined && isListed(segment)) found.unshift(segment)
  }
  return found
}

/** Seconds that segments of the track usually last. */
function usual(track: Track): number | undefined {
  return predictedDuration(newest(track, 4).map(seconds), 1)
}

/**
 * Seconds that a segment of the track that decides the cuts will have lasted; `undefined` where it has gone on for longer
 * already. But the first of an encoder stays listed, as long as it may get: a period must not be taken back.
 */
function expectedOf(segment: WindowSegment, { segments }: Track, usually: number, longest: number): number | undefined {
  if (segment.closed) return seconds(segment)
  if (segment.duration <= Math.round(usually * segment.timescale)) return usually
  const isFirst = !segments.some((other) => isListed(other) && other.epoch.id === segment.epoch.id)
  return isFirst ? longest : undefined
}

/** Ticks that the segment will have lasted when it is whole: it ends where that of the track that decides does. */
function durationOf(
  segment: WindowSegment,
  track: Track,
  lead: Track,
  expected: (beside: WindowSegment) => number | undefined,
): number | undefined {
  if (segment.closed) return segment.duration
  const { timescale, start } = segment
  const beside = track === lead ? segment : lead.segments.findLast(({ msn }) => msn === segment.msn)
  const length = beside && expected(beside)
  if (beside === undefined || length === undefined) return undefined
  if (beside === segment) return Math.round(length * timescale)
  const end = (beside.start / beside.timescale + length) * timescale
  const config = trackOf(segment.epoch, track.track)?.config
  const isSound = config?.kind === 'audio'
  const duration = isSound ? framesUntil(end, start, config.frameLength) * config.frameLength : Math.round(end - start)
  return segment.duration > duration ? undefined : duration
}

/** Seconds from a segment's begin by the clock to its first part; the least of the newest, for one may be late by chance. */
function latenessOf(track: Track): number | undefined {
  const each = [...newest(track, 3), growing(track)].flatMap((segment) =>
    segment?.openedAt === undefined ? [] : [(segment.openedAt - programDateTime(segment)) / 1000],
  )
  return each.length === 0 ? undefined : Math.min(...each)
}

/** Segments behind the newest of all: of a track whose last is further behind nothing comes any more. */
const STALE = 4

/** Whole seconds by which media come late, those of the slowest track. */
export function lateBy(tracks: readonly Track[]): number {
  const newestOf = (track: Track) => (growing(track) ?? newest(track, 1)[0])?.msn ?? Number.NEGATIVE_INFINITY
  const last = Math.max(...tracks.map(newestOf))
  const late = tracks.filter((track) => newestOf(track) > last - STALE).map((track) => latenessOf(track) ?? 0)
  return Math.max(0, ...late.map(Math.floor))
}
