import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { MediaPlaylist, MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { SKIP_TARGETS } from '../packager/delta.ts'
import { type EpochTrack, initFor, names } from '../packager/model.ts'
import { type SilentSegment, silenceName, silentSegment } from '../packager/silence.ts'
import { isReplayed, withoutPause } from '../store/pause.ts'
import type { AssetIndex, AssetTrack, IndexedSegment } from '../store/port.ts'
import { findEpochTrack, type ReplayRow } from './rows.ts'

/** EXT-X-SKIP needs 9 (RFC 8216bis §8), and a playlist never changes its version (§6.2.1). */
const VERSION = 9

/**
 * Makes a track's segments out of rows, in order. Where pictures have no sound there is silence, if any can be made: also
 * before the sound joined.
 *
 * @returns a function that remembers which EXT-X-MAP is in effect. A segment that begins with a pause is listed as two, a gap
 *   and what was sent: hls.js 1.7 takes media for misplaced that begin later than listed, by a second and by as long as they
 *   last, and moves what follows (`isInvalidInitPts`).
 */
export function createSegmentMaker(index: AssetIndex, track: AssetTrack): (row: ReplayRow) => readonly MediaSegment[] {
  const place = index.tracks.findIndex((candidate) => candidate.track === track.track)
  /** As the newest epoch with the track has it, else the first that comes. */
  let like: EpochTrack | undefined
  let map: number | undefined
  let isFirst = true
  return (row) => {
    const segment = row.segments[place]
    if (segment?.pause === undefined) return [toSegment(row, segment, row.discontinuity)]
    if (!isReplayed(segment)) return [toSegment(row, { ...segment, gap: true }, row.discontinuity)]
    const pause = { ...segment, duration: segment.pause, gap: true }
    return [toSegment(row, pause, row.discontinuity), toSegment(row, withoutPause(segment), false)]
  }

  function isDependent(segment: IndexedSegment | undefined): boolean {
    return track.kind === 'video' && segment?.gap === false && !segment.independent
  }

  function toSegment(row: ReplayRow, segment: IndexedSegment | undefined, discontinuity: boolean): MediaSegment {
    like = initFor(row.epoch, track.track, segment?.firstPart ?? 0) ?? like ?? firstOf(index, track)
    const init = like?.initNumber
    const isNew = isFirst || discontinuity
    const changesMap = init !== undefined && (isNew || init !== map)
    if (changesMap) map = init
    isFirst = false
    const silence = silenceIn(row, segment, like)
    const start = silence === undefined ? startOf(segment) : (silence.start * 90_000) / silence.timescale
    const { duration, timescale } = silence ?? segment ?? { duration: 0, timescale: 1 }
    return {
      uri: silence !== undefined ? silenceName(silence) : mediaName(row, segment),
      duration: duration / timescale,
      gap: silence === undefined && (segment?.gap ?? true),
      ...(isDependent(segment) && { independent: false as const }),
      parts: [],
      discontinuity,
      ...(changesMap && { map: { uri: names.init(init) } }),
      // §6.2.1 asks for dates where there is a discontinuity; players count on from there.
      ...(isNew &&
        row.epoch !== undefined && { programDateTime: row.epoch.wallClock + (start - row.epoch.start) / 90 }),
    }
  }
}

/** Of this track in 90 kHz ticks: each rendition's date belongs to its own first frame. */
function startOf(segment: IndexedSegment | undefined): number {
  return segment === undefined ? 0 : (segment.start * 90_000) / segment.timescale
}

function firstOf(index: AssetIndex, { track }: AssetTrack): EpochTrack | undefined {
  return findEpochTrack(
    index.epochs.find((epoch) => findEpochTrack(epoch, track) !== undefined),
    track,
  )
}

function mediaName(row: ReplayRow, segment: IndexedSegment | undefined): string {
  if (segment === undefined || segment.gap) return names.gap(row.segments[0]?.msn ?? 0)
  return names.segment(segment.firstPart, segment.lastPart)
}

/** Where the row has a gap on the track: as long as that is, or as the pictures where the epoch is without the track. */
function silenceIn(
  row: ReplayRow,
  segment: IndexedSegment | undefined,
  like: EpochTrack | undefined,
): SilentSegment | undefined {
  const { epoch } = row
  if (segment?.gap !== true || like === undefined || epoch === undefined) return undefined
  const isOwn = findEpochTrack(epoch, like.track) !== undefined
  const stretch = isOwn ? segment : row.segments.find(({ gap }) => !gap)
  return stretch && silentSegment(stretch, epoch, like)
}

/**
 * Segments without the gaps at their end, which are listed when something follows them: hls.js does not come to the end
 * of a playlist whose last entry is one.
 */
export function withoutTail(segments: readonly MediaSegment[]): readonly MediaSegment[] {
  return segments.slice(0, segments.findLastIndex(({ gap }) => !gap) + 1)
}

/**
 * A replay's media playlist: EVENT while the broadcast runs, without a type once retention has removed its start (EVENT
 * promises that nothing goes, §4.4.3.5), VOD with an end after it.
 *
 * @param track whose playlist it is.
 * @param segments those listed; of a delta update those that are left.
 * @param skipped how many the delta update leaves out.
 */
export function replayPlaylistOf(
  index: AssetIndex,
  track: TrackId,
  segments: readonly MediaSegment[],
  skipped?: number,
): MediaPlaylist {
  const { targetDuration } = index.timing
  const { segments: rows, discontinuities, pauses } = index.removed
  const type = index.ended ? 'VOD' : index.shed ? undefined : 'EVENT'
  return {
    version: VERSION,
    targetDuration,
    ...(!index.ended && { serverControl: { canBlockReload: false, canSkipUntil: SKIP_TARGETS * targetDuration } }),
    mediaSequence: rows + (pauses?.[track] ?? 0),
    discontinuitySequence: discontinuities,
    ...(type !== undefined && { playlistType: type }),
    independentSegments: false,
    iFramesOnly: false,
    ...(skipped !== undefined && { skippedSegments: skipped }),
    segments,
    trailingParts: [],
    renditionReports: [],
    endList: index.ended,
  }
}
