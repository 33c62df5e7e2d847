import type {
  MediaPlaylist,
  MediaSegment,
  PartialSegment,
  RenditionReport,
} from '@bandstand/media/manifests/hls/model.ts'
import { SKIP_TARGETS, segmentsKept } from '../delta.ts'
import { type BroadcastTiming, names } from '../model.ts'
import { piecesOf, type SilentSegment, silenceName } from '../silence.ts'
import { partHoldBack } from '../timing.ts'
import { isDependent, programDateTime, seconds, type WindowPart, type WindowSegment } from './segments.ts'

export interface LivePlaylistInput {
  readonly timing: BroadcastTiming
  /** Listed segments, oldest first; the last may be in the making. */
  readonly segments: readonly WindowSegment[]
  /** Number of the next part; `undefined` when there will be none. */
  readonly nextPart: number | undefined
  readonly reports: readonly RenditionReport[]
  readonly ended: boolean
  /** Leave out what is older than the skip boundary (RFC 8216bis §6.2.5.1). */
  readonly delta: boolean
}

/** EXT-X-VERSION: 9 for EXT-X-SKIP (§8). */
const VERSION = 9
/** HOLD-BACK in target durations: the least allowed (§4.4.3.8). */
const HOLD_BACK_TARGETS = 3
/** Seconds into a segment at which no track and no player's sum of rounded durations is before it. */
const PAST_BORDER = 0.1
/** Parts are listed for the last 3 target durations (§6.2.2). */
const PART_TARGETS = 3

/** The live media playlist as a value. */
export function livePlaylist(input: LivePlaylistInput): MediaPlaylist {
  const { timing, segments, ended } = input
  const complete = segments.filter((s) => s.complete)
  const open = segments.at(-1)?.complete === false ? segments.at(-1) : undefined
  // Skipping changes neither the media nor the discontinuity sequence; the map is said again after it (hls.js 6949, 7554 are
  // about both).
  const isDelta = input.delta && !ended
  const skipped = isDelta ? complete.length - segmentsKept(complete.map(seconds), timing.targetDuration) : 0
  const start = ended ? undefined : startOffGap(segments, timing)
  const first = segments[0]
  const listed: MediaSegment[] = []
  let map: number | undefined
  let fromEnd = complete.reduce((sum, s) => sum + seconds(s), 0) + (open === undefined ? 0 : seconds(open))
  complete.forEach((segment, i) => {
    const withParts = fromEnd <= timing.targetDuration * PART_TARGETS
    fromEnd -= seconds(segment)
    if (i < skipped) return
    listed.push(mediaSegment(segment, map, withParts, timing))
    map = segment.initNumber ?? map
  })
  return {
    version: VERSION,
    targetDuration: timing.targetDuration,
    partTarget: timing.partTarget,
    serverControl: {
      canBlockReload: true,
      holdBack: timing.targetDuration * HOLD_BACK_TARGETS,
      partHoldBack: partHoldBack(timing),
      canSkipUntil: timing.targetDuration * SKIP_TARGETS,
    },
    mediaSequence: first?.msn ?? 0,
    // The number counts what has left the playlist; a tag on the first segment still counts itself (§6.2.1).
    discontinuitySequence: first === undefined ? 0 : first.epoch.id - (first.discontinuity ? 1 : 0),
    independentSegments: false,
    iFramesOnly: false,
    ...(start !== undefined && { startOffset: start }),
    ...(skipped > 0 && { skippedSegments: skipped }),
    segments: listed,
    trailingParts: open === undefined ? [] : partsOf(open, timing),
    ...(open !== undefined && { trailingHead: head(open, map) }),
    ...(input.nextPart !== undefined && !ended && { preloadHint: { type: 'PART', uri: names.part(input.nextPart) } }),
    renditionReports: ended ? [] : input.reports,
    endList: ended,
  }
}

/**
 * Seconds from the first segment to where a player is to begin, if one without low latency would begin in a gap, as it
 * would in the first seconds of a broadcast: the newest whole segment with a key frame, for one that is not whole makes it
 * load the one before, perhaps another encoder's; if none is, the first.
 *
 * hls.js 1.7 requests the map of a gap too. For the next segment it takes that request back and with it, by mistake, the
 * segment's own, for which it then waits for ever (`loadInitSegmentIfNeeded`).
 */
function startOffGap(segments: readonly WindowSegment[], timing: BroadcastTiming): number | undefined {
  const { targetDuration, partTarget } = timing
  const end = segments.reduce((sum, s) => sum + seconds(s), 0)
  // Tracks do not end at the same instant, and players compute a moment later.
  const spread = 2 * partTarget
  const normal = end - targetDuration * HOLD_BACK_TARGETS
  let isGap = false
  let start: number | undefined
  let from = 0
  for (const segment of segments) {
    const to = from + seconds(segment)
    const empty = segment.gap && segment.silence === undefined
    if (empty && from <= normal + spread && normal - spread <= to) isGap = true
    const whole = segment.complete && to <= end - spread && segment.parts[0]?.independent === true
    if (!empty && (start === undefined || whole)) start = from
    from = to
  }
  return isGap && start !== undefined ? start + PAST_BORDER : undefined
}

function mediaSegment(
  segment: WindowSegment,
  map: number | undefined,
  withParts: boolean,
  timing: BroadcastTiming,
): MediaSegment {
  const parts = withParts ? partsOf(segment, timing) : []
  if (segment.silence !== undefined) {
    const uri = silenceName(segment.silence)
    return { ...head(segment, map), uri, duration: seconds(segment), gap: false, parts }
  }
  return {
    ...head(segment, map),
    uri: segment.gap ? names.gap(segment.msn) : names.segment(segment.firstPart, segment.lastPart),
    duration: seconds(segment),
    gap: segment.gap,
    ...(isDependent(segment) && { independent: false as const }),
    ...(segment.nextIndependent === false && { nextIndependent: false as const }),
    parts,
  }
}

/** What a segment is listed with at the end of the playlist, also one in the making. */
export function partsOf(segment: WindowSegment, timing: BroadcastTiming): PartialSegment[] {
  const { silence } = segment
  if (silence !== undefined) return piecesOf(silence, timing.partTarget).map(silentPart)
  if (segment.bare) return []
  if (segment.complete && segment.gap) return gapParts(segment, timing)
  return segment.parts.map((p) => partial(p, timing))
}

function silentPart(piece: SilentSegment): PartialSegment {
  return { uri: silenceName(piece), duration: piece.duration / piece.timescale, independent: true, gap: false }
}

/**
 * A gap lists parts without media: hls.js takes the parts of the segment in the making only where a segment before it
 * lists parts (`shouldLoadParts`), and would be a segment behind at the start of a broadcast and after a restart.
 */
function gapParts(segment: WindowSegment, { partTarget }: BroadcastTiming): PartialSegment[] {
  const length = seconds(segment)
  const count = Math.max(1, Math.ceil(length / partTarget - 1e-6))
  return Array.from({ length: count }, (_, i) => ({
    uri: names.gapPart(segment.msn, i),
    duration: length / count,
    independent: false,
    gap: true,
  }))
}

function head(segment: WindowSegment, map: number | undefined) {
  const init = segment.initNumber
  return {
    discontinuity: segment.discontinuity,
    ...(init !== undefined && (init !== map || segment.discontinuity) && { map: { uri: names.init(init) } }),
    programDateTime: programDateTime(segment),
  }
}

function partial(part: WindowPart, timing: BroadcastTiming): PartialSegment {
  return {
    uri: names.part(part.number),
    // A frame longer than the target is listed with the target (§4.4.4.9); the segment's duration is the true one.
    duration: Math.min(part.seconds, timing.partTarget),
    independent: part.independent,
    gap: part.gap,
  }
}
