import type { IndexedSegment } from './port.ts'

/**
 * Replays have what was sent of it. Not where pictures came back without a key frame: hls.js goes back to the segment before
 * (`backtrack`) and does not come to the end, Chromium's decoder gives up where they depend on what was left out.
 */
export function isReplayed({ gap, pause, independent }: IndexedSegment): boolean {
  return !gap && (pause === undefined || independent)
}

/** What was sent of a segment. */
export function withoutPause(segment: IndexedSegment): IndexedSegment {
  const { pause, ...whole } = segment
  if (pause === undefined) return segment
  return { ...whole, start: segment.start + pause, duration: segment.duration - pause }
}
