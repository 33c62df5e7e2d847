import type { IssueList } from './issue.ts'
import type { MediaPlaylist, MediaSegment, PartialSegment } from './model.ts'

/** Slack for durations printed with few digits, in seconds. */
const rounding = 0.0011

/** Rules that need the whole of a media playlist but no other: durations, versions, byte ranges. */
export function checkPlaylist(p: MediaPlaylist, issues: IssueList): void {
  issues.line = 0
  for (const [index, s] of p.segments.entries()) {
    if (p.targetDuration > 0 && Math.round(s.duration) > p.targetDuration) {
      issues.add('segment-too-long', `segment ${p.mediaSequence + index} lasts ${s.duration} s`)
    }
  }
  checkParts(p, issues)
  checkVersion(p, issues)
  checkByteRanges(p, issues)
}

function checkParts(p: MediaPlaylist, issues: IssueList): void {
  const inSegments = p.segments.some((s) => s.parts.length > 0)
  if (!inSegments && p.trailingParts.length === 0) return
  const target = p.partTarget
  if (target === undefined) {
    issues.add('part-without-target', 'parts without EXT-X-PART-INF')
    return
  }
  const check = (part: PartialSegment, next: PartialSegment | undefined, last: boolean) => {
    if (part.duration > target + rounding) {
      issues.add('part-too-long', `part ${part.uri} lasts ${part.duration} s of ${target}`)
    }
    const exempt = last || part.independent || part.gap || next?.gap === true
    if (!exempt && part.duration < target * 0.85 - rounding) {
      issues.add('part-too-short', `part ${part.uri} lasts ${part.duration} s, under 85 % of ${target}`)
    }
  }
  for (const s of p.segments) s.parts.forEach((part, i) => check(part, s.parts[i + 1], i === s.parts.length - 1))
  // The newest part may turn out to be the last of its segment.
  p.trailingParts.forEach((part, i) => check(part, p.trailingParts[i + 1], i === p.trailingParts.length - 1))
}

/** §8: the features of the model that need a version, highest first. */
function checkVersion(p: MediaPlaylist, issues: IssueList): void {
  const has = (test: (s: MediaSegment) => boolean) => p.segments.some(test)
  const mapped = p.trailingHead?.map !== undefined || has((s) => s.map !== undefined)
  const needs: [boolean, number, string][] = [
    [p.skippedSegments !== undefined, 9, 'EXT-X-SKIP'],
    [!p.iFramesOnly && mapped, 6, 'EXT-X-MAP'],
    [p.iFramesOnly && mapped, 5, 'EXT-X-MAP'],
    [p.iFramesOnly, 4, 'EXT-X-I-FRAMES-ONLY'],
    [has((s) => s.byteRange !== undefined), 4, 'EXT-X-BYTERANGE'],
    [has((s) => !Number.isInteger(s.duration)), 3, 'a fractional EXTINF'],
  ]
  const [missing] = needs.filter(([used, version]) => used && p.version < version)
  if (missing !== undefined)
    issues.add('version-too-low', `${missing[2]} needs version ${missing[1]}, not ${p.version}`)
}

/** §4.4.4.2: a range without an offset goes on where the one before it in the same resource ended. */
function checkByteRanges(p: MediaPlaylist, issues: IssueList): void {
  let before: MediaSegment | undefined
  for (const s of p.segments) {
    if (s.byteRange !== undefined && s.byteRange.start === undefined) {
      if (before?.uri !== s.uri || before.byteRange === undefined) {
        issues.add('byte-range-start', `${s.uri}: a byte range without an offset follows no range of this resource`)
      }
    }
    before = s
  }
}
