import type { MediaMap, MediaPlaylist, MediaSegment, PartialSegment } from '@bandstand/media/manifests/hls/model.ts'

/** A segment in its place: what the tags before it mean for it. */
export interface Entry {
  readonly msn: number
  /** Undefined for the segment in the making, of which only parts are listed. */
  readonly segment: MediaSegment | undefined
  readonly parts: readonly PartialSegment[]
  /** Discontinuity sequence number of this segment (RFC 8216bis §4.4.3.3). */
  readonly discontinuity: number
  /** The map in force. */
  readonly map: MediaMap | undefined
  readonly programDateTime: number | undefined
}

/** Entries of a full playlist or, without what was skipped, of a delta update. */
export function entriesOf(p: MediaPlaylist): Entry[] {
  let msn = p.mediaSequence + (p.skippedSegments ?? 0)
  let discontinuity = p.discontinuitySequence
  let map: MediaMap | undefined
  const entries: Entry[] = []
  for (const segment of p.segments) {
    if (segment.discontinuity) discontinuity++
    map = segment.map ?? map
    const { parts, programDateTime } = segment
    entries.push({ msn: msn++, segment, parts, discontinuity, map, programDateTime })
  }
  if (p.trailingParts.length > 0) {
    const head = p.trailingHead
    if (head?.discontinuity === true) discontinuity++
    entries.push({
      msn,
      segment: undefined,
      parts: p.trailingParts,
      discontinuity,
      map: head?.map ?? map,
      programDateTime: head?.programDateTime,
    })
  }
  return entries
}

/** The next position after everything listed: what a blocking reload asks for. */
export function nextPosition(p: MediaPlaylist): { readonly msn: number; readonly part: number } {
  return { msn: p.mediaSequence + (p.skippedSegments ?? 0) + p.segments.length, part: p.trailingParts.length }
}

/** Negative, zero, positive as a is before, at, after b. */
export function comparePositions(
  a: { readonly msn: number; readonly part: number },
  b: { readonly msn: number; readonly part: number },
): number {
  return a.msn - b.msn || a.part - b.part
}

/** Seconds of the segments listed, the one in the making included. */
export function durationOf(p: MediaPlaylist): number {
  const parts = p.trailingParts.reduce((sum, part) => sum + part.duration, 0)
  return p.segments.reduce((sum, s) => sum + s.duration, 0) + parts
}
