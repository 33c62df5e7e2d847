import type { Epoch } from '../packager/model.ts'
import type { AssetIndex, IndexedSegment, SegmentList } from '../store/port.ts'

/**
 * Segments have a second name in DASH, for a template cannot say which parts a segment consists of: the wall clock at which
 * its epoch began, and its time. It is as immutable as the first. Times only rise within a broadcast, but after a crash they
 * go on where the recording ends, and what viewers were shown and the disk never took has times that come again: then in an
 * epoch that begins later. A segment that a crash may have cut short is not listed where it may have been listed whole
 * before.
 *
 * `$Number$` would say it too, but players count on from a timeline's first number over gaps (ISO/IEC 23009-1 5.3.9.5.3), and
 * ffmpeg takes times for wrong ones where both are in a template.
 */
export function segmentTemplate(epoch: Epoch): string {
  return `$RepresentationID$/t${wallClockOf(epoch)}-$Time$.m4s`
}

/** What a name made by {@link segmentTemplate} says. */
export interface TemplateName {
  readonly wallClock: number
  /** Ticks of the track's timescale. */
  readonly time: number
}

/** @param file without the rendition's folder. */
export function parseTemplateName(file: string): TemplateName | undefined {
  // Another spelling of the same number is another URI.
  const found = /^t(0|[1-9]\d{0,14})-(0|[1-9]\d{0,15})\.m4s$/.exec(file)
  return found === null ? undefined : { wallClock: Number(found[1]), time: Number(found[2]) }
}

export function isEpochOf(epoch: Epoch, { wallClock }: TemplateName): boolean {
  return wallClockOf(epoch) === wallClock
}

function wallClockOf(epoch: Epoch): number {
  return Math.round(epoch.wallClock)
}

/**
 * The segment that a manifest listed by this name.
 *
 * @param segments of one track, oldest first.
 */
export function findByName(
  { epochs }: Pick<AssetIndex, 'epochs'>,
  segments: SegmentList,
  name: TemplateName,
): IndexedSegment | undefined {
  const epoch = epochs.findLast((candidate) => isEpochOf(candidate, name))
  if (epoch === undefined) return undefined
  // Ticks compare within an epoch only: an encoder may return with another sample rate.
  const isBefore = (s: IndexedSegment) => (s.epoch === epoch.id ? s.start < name.time : s.epoch < epoch.id)
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const segment = segments.at(middle)
    if (segment !== undefined && isBefore(segment)) low = middle + 1
    else high = middle
  }
  // A gap may begin where the segment behind it does.
  for (let at = low; ; at++) {
    const segment = segments.at(at)
    if (segment?.epoch !== epoch.id || segment.start !== name.time) return undefined
    if (!segment.gap) return segment
  }
}
