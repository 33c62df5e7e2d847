import type {
  MediaPlaylist,
  MediaSegment,
  PartialSegment,
  RenditionReport,
} from '@bandstand/media/manifests/hls/model.ts'
import { type BroadcastTiming, names } from '../model.ts'
import { piecesOf, type SilentSegment, silenceName } from '../silence.ts'
import { partHoldBack } from '../timing.ts'
import { programDateTime, seconds, type WindowPart, type WindowSegment } from './segments.ts'

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
/** CAN-SKIP-UNTIL in target durations: the least allowed (§4.4.3.8). */
const SKIP_TARGETS = 6
/** Parts are listed for the last 3 target durations (§6.2.2). */
const PART_TARGETS = 3

/** The live media playlist as a value. */
export function livePlaylist(input: LivePlaylistInput): MediaPlaylist {
  const { timing, segments, ended } = input
  const complete = segments.filter((s) => s.complete)
  const open = segments.at(-1)?.complete === false ? segments.at(-1) : undefined
  const skipped = input.delta && !ended ? countSkipped(complete, timing.targetDuration * SKIP_TARGETS) : 0
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
      holdBack: timing.targetDuration * 3,
      partHoldBack: partHoldBack(timing),
      canSkipUntil: timing.targetDuration * SKIP_TARGETS,
    },
    mediaSequence: first?.msn ?? 0,
    // The number counts what has left the playlist; a tag on the first segment still counts itself (§6.2.1).
    discontinuitySequence: first === undefined ? 0 : first.epoch.id - (first.discontinuity ? 1 : 0),
    independentSegments: false,
    iFramesOnly: false,
    ...(skipped > 0 && { skippedSegments: skipped }),
    segments: listed,
    trailingParts: (open?.parts ?? []).map((p) => partial(p, timing)),
    ...(open !== undefined && { trailingHead: head(open, map) }),
    ...(input.nextPart !== undefined && !ended && { preloadHint: { type: 'PART', uri: names.part(input.nextPart) } }),
    renditionReports: ended ? [] : input.reports,
    endList: ended,
  }
}

/**
 * Segments wholly further from the end of the last complete segment than the skip boundary. Skipping changes neither the
 * media nor the discontinuity sequence; the map is said again after it (hls.js 6949, 7554 are about both).
 */
function countSkipped(complete: readonly WindowSegment[], boundary: number): number {
  let fromEnd = 0
  let kept = 0
  for (let i = complete.length - 1; i >= 0; i--) {
    const segment = complete[i]
    if (segment === undefined || fromEnd > boundary) break
    fromEnd += seconds(segment)
    kept++
  }
  return complete.length - kept
}

function mediaSegment(
  segment: WindowSegment,
  map: number | undefined,
  withParts: boolean,
  timing: BroadcastTiming,
): MediaSegment {
  if (segment.silence !== undefined) {
    const { silence } = segment
    const parts = withParts ? piecesOf(silence, timing.partTarget).map(silentPart) : []
    return { ...head(segment, map), uri: silenceName(silence), duration: seconds(segment), gap: false, parts }
  }
  return {
    ...head(segment, map),
    uri: segment.gap ? names.gap(segment.msn) : names.segment(segment.firstPart, segment.lastPart),
    duration: seconds(segment),
    gap: segment.gap,
    parts:
      !withParts || segment.bare
        ? []
        : segment.gap
          ? gapParts(segment, timing)
          : segment.parts.map((p) => partial(p, timing)),
  }
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
