import type { TrackId } from '../../access-unit.ts'
import { MediaError } from '../../error.ts'
import { type BoxTree, box, fields, fullBox, sizeOf, writeBoxes } from './box-writer.ts'
import { type Edit, EMPTY, editList } from './edit-list.ts'
import { MAX_TRACKS } from './limits.ts'
import { ftyp, mdia, mvhd, tkhd } from './movie.ts'
import type { ProgressiveChunk, ProgressiveTrack } from './progressive-model.ts'
import { type ChunkPiece, createTrackBuilder, type TrackBuilder } from './progressive-track.ts'
import { sampleDescriptions } from './sample-entry.ts'
import type { SampleTable } from './sample-table.ts'

/** A stretch of the file: bytes from a source, or bytes that the planner put in. */
export type ProgressivePiece<Source> = {
  /** Offset of its first byte in the file. */
  readonly offset: number
  readonly size: number
} & ({ readonly source: Source /** Bytes of the source before it. */; readonly skip: number } | Inserted)

interface Inserted {
  readonly bytes: Uint8Array
}

/** An ordinary MP4 without its media. */
export interface ProgressivePlan<Source> {
  /** `ftyp`, `moov` and the header of `mdat`: the file's beginning, up to the first piece. */
  readonly header: Uint8Array
  /** Size of `mdat`, header included. */
  readonly mdatSize: number
  /** Bytes of the whole file: `Content-Length`. */
  readonly size: number
  /** Seconds of the longest track. */
  readonly duration: number
  /** Without holes and by rising offset, up to the end of the file. */
  readonly layout: readonly ProgressivePiece<Source>[]
}

export interface ProgressivePlanner<Source> {
  /**
   * Adds a chunk of a track; the chunks of a track come by rising start, those of different tracks in any order. Throws
   * `malformed` for an unknown track, an unknown configuration, times that go back or do not fit.
   */
  add(track: TrackId, chunk: ProgressiveChunk<Source>): void
  /** The plan; nothing may be added after. Throws `malformed` when there is no sample at all. */
  finish(): ProgressivePlan<Source>
}

/** Ticks a second of movie and track headers and edit lists. */
const MOVIE_TIMESCALE = 90_000
const MAX_U32 = 0xffffffff

/**
 * Plans an ordinary MP4 (index first, no fragments) from the tables of its samples, without holding media. Memory is that
 * of the finished header, about 4 bytes a sample plus 8 where presentation order differs from decoding order.
 */
export function createProgressivePlanner<Source>(tracks: readonly ProgressiveTrack[]): ProgressivePlanner<Source> {
  if (tracks.length > MAX_TRACKS) throw new MediaError('too-large', `mp4: ${tracks.length} tracks`)
  const builders = new Map<TrackId, TrackBuilder<Source>>()
  for (const track of tracks) builders.set(track.track, createTrackBuilder<Source>(track))
  return {
    add(track, chunk) {
      const builder = builders.get(track)
      if (builder === undefined) throw new MediaError('malformed', `mp4: no track ${track}`)
      builder.add(chunk)
    },
    finish: () => finish([...builders].filter(([, builder]) => builder.pieces.length > 0)),
  }
}

type Choice = Parameters<typeof tkhd>[3]

/** A track with its finished tables. */
interface FinishedTrack<Source> {
  readonly track: TrackId
  readonly builder: TrackBuilder<Source>
  readonly table: SampleTable
  readonly tableBoxes: readonly BoxTree[]
  /** Seconds by which the track begins after the first one. */
  readonly delay: number
  /** Offsets of the chunks, filled in when they are known; big-endian. */
  readonly offsets: DataView
}

function finish<Source>(builders: readonly (readonly [TrackId, TrackBuilder<Source>])[]): ProgressivePlan<Source> {
  if (builders.length === 0) throw new MediaError('malformed', 'mp4: no samples')
  const origin = builders.reduce((least, [, builder]) => Math.min(least, builder.start ?? 0), Number.POSITIVE_INFINITY)
  const mediaSize = builders.reduce((sum, [, builder]) => sum + builder.size, 0)
  const largeMdat = mediaSize + 8 > MAX_U32
  const mdatHeader = largeMdat
    ? fields((w) =>
        w
          .u32(1)
          .ascii('mdat')
          .u64(mediaSize + 16),
      )
    : fields((w) => w.u32(mediaSize + 8).ascii('mdat'))
  const tables = builders.map(([track, builder]) => {
    const table = builder.finish()
    return { track, builder, table, tableBoxes: table.boxes(), delay: (builder.start ?? 0) - origin }
  })
  const build = (large: boolean) => {
    const tracks: FinishedTrack<Source>[] = tables.map((track) => ({
      ...track,
      offsets: new DataView(new ArrayBuffer(track.builder.pieces.length * (large ? 8 : 4))),
    }))
    const content = [ftyp('isom', 0x200, ['isom', 'iso4', 'avc1', 'mp41']), moov(tracks, large), mdatHeader]
    return { tracks, content, large, size: content.reduce((sum, item) => sum + sizeOf(item), 0) }
  }
  let head = build(largeMdat)
  if (!largeMdat && head.size + mediaSize > MAX_U32) head = build(true)
  // The tree holds the offsets' memory, so they are written after this.
  const layout = place(head.tracks, head.size, head.large)
  return {
    header: writeBoxes(...head.content),
    mdatSize: mdatHeader.byteLength + mediaSize,
    size: head.size + mediaSize,
    duration: movieTicks(tables) / MOVIE_TIMESCALE,
    layout,
  }
}

/** Orders the chunks of all tracks by time and gives each its offset; those of one track keep their order. */
function place<Source>(
  tracks: readonly FinishedTrack<Source>[],
  start: number,
  large: boolean,
): ProgressivePiece<Source>[] {
  const queues = tracks.map(({ builder, offsets }) => ({ pieces: builder.pieces, offsets, next: 0 }))
  const layout: ProgressivePiece<Source>[] = []
  let offset = start
  for (;;) {
    let queue: (typeof queues)[number] | undefined
    let piece: ChunkPiece<Source> | undefined
    for (const candidate of queues) {
      const first = candidate.pieces[candidate.next]
      if (first === undefined || (piece !== undefined && piece.time <= first.time)) continue
      queue = candidate
      piece = first
    }
    if (queue === undefined || piece === undefined) return layout
    if (large) {
      queue.offsets.setUint32(queue.next * 8, Math.floor(offset / 2 ** 32))
      queue.offsets.setUint32(queue.next * 8 + 4, offset >>> 0)
    } else {
      queue.offsets.setUint32(queue.next * 4, offset)
    }
    queue.next++
    placePiece(layout, piece, offset)
    offset += piece.size
  }
}

function placePiece<Source>(layout: ProgressivePiece<Source>[], piece: ChunkPiece<Source>, start: number): void {
  const { source, size, insertions = [] } = piece
  let offset = start
  let skip = 0
  for (const { at, bytes } of insertions) {
    if (at > skip) layout.push({ offset, size: at - skip, source, skip })
    offset += at - skip
    skip = at
    layout.push({ offset, size: bytes.byteLength, bytes })
    offset += bytes.byteLength
  }
  const left = start + size - offset
  if (left > 0) layout.push({ offset, size: left, source, skip })
}

function moov<Source>(tracks: readonly FinishedTrack<Source>[], large: boolean): BoxTree {
  const nextTrack = 1 + tracks.reduce((most, { track }) => Math.max(most, track), 0)
  return box(
    'moov',
    mvhd(MOVIE_TIMESCALE, movieTicks(tracks), nextTrack),
    ...tracks.map((track) => trak(track, large, choiceOf(track, tracks))),
  )
}

/** Several tracks of sound are languages, as a rule: one is played. */
function choiceOf<Source>(own: FinishedTrack<Source>, all: readonly FinishedTrack<Source>[]): Choice {
  const sounds = all.filter(({ builder }) => builder.config.kind === 'audio')
  if (sounds.length < 2 || !sounds.includes(own)) return undefined
  return own === sounds[0] ? 'first' : 'other'
}

function trak<Source>(item: FinishedTrack<Source>, large: boolean, choice: Choice): BoxTree {
  const { builder, table, offsets } = item
  const chunkOffsets = fullBox(
    large ? 'co64' : 'stco',
    0,
    0,
    fields((w) => w.u32(builder.pieces.length)),
    new Uint8Array(offsets.buffer),
  )
  const stbl = box('stbl', sampleDescriptions(builder.configs), ...item.tableBoxes, chunkOffsets)
  return box(
    'trak',
    tkhd(item.track, builder.config, endTicks(item), choice),
    ...editList(editsOf(item)),
    mdia(builder.config, table.duration, stbl),
  )
}

type Timed = Pick<FinishedTrack<unknown>, 'delay'> & {
  readonly builder: Pick<TrackBuilder<unknown>, 'config' | 'length' | 'holes'>
}

/** Nothing up to where a track begins, its media, and nothing where it has a hole. */
function editsOf(item: Timed): Edit[] {
  const { builder, delay } = item
  const edits: Edit[] = []
  let at = 0
  const until = (end: number, mediaTime: number) => {
    edits.push({ duration: Math.max(0, end - at), mediaTime })
    at = Math.max(at, end)
  }
  if (delay > 0) until(Math.round(delay * MOVIE_TIMESCALE), EMPTY)
  let media = 0
  let missing = 0
  for (const hole of builder.holes) {
    until(movieTime(item, hole.at + missing), media)
    missing += hole.length
    until(movieTime(item, hole.at + missing), EMPTY)
    media = hole.at
  }
  until(endTicks(item), media)
  return edits
}

/** Where a time of a track, holes and all, is in the movie, in ticks of that. */
function movieTime({ delay, builder }: Timed, ticks: number): number {
  return Math.round((delay + ticks / builder.config.timescale) * MOVIE_TIMESCALE)
}

/** End of a track in ticks of the movie. */
function endTicks(item: Timed): number {
  return movieTime(item, item.builder.length)
}

function movieTicks(tracks: readonly Timed[]): number {
  return tracks.reduce((most, track) => Math.max(most, endTicks(track)), 0)
}
