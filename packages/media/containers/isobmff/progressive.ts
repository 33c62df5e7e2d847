import type { TrackId } from '../../access-unit.ts'
import { MediaError } from '../../error.ts'
import type { TrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox, writeBoxes } from './box-writer.ts'
import { MAX_TRACKS } from './limits.ts'
import { ftyp, mdia, mvhd, tkhd } from './movie.ts'
import { type ChunkPiece, createTrackBuilder, type TrackBuilder } from './progressive-track.ts'
import { sampleDescriptions } from './sample-entry.ts'
import type { SampleTable } from './sample-table.ts'

export interface ProgressiveTrack {
  readonly track: TrackId
  /** Every configuration that a chunk refers to; all of one kind. Times of the track are written in the first's timescale. */
  readonly configs: readonly TrackConfig[]
}

/** One sample; `parseFragment().samples` are these. */
export interface ProgressiveSample {
  readonly size: number
  /** Ticks of the chunk's configuration. */
  readonly duration: number
  readonly compositionOffset: number
  readonly key: boolean
}

/** Samples whose media lies one after the other in one piece at `source`, for example those of one part. */
export interface ProgressiveChunk<Source> {
  readonly configIndex: number
  /** Decode time of the first sample in ticks of the chunk's configuration, on a clock that all tracks share. */
  readonly start: number
  readonly samples: readonly ProgressiveSample[]
  /** Where the caller finds the media: kept and handed back, never looked at. */
  readonly source: Source
}

/** A stretch of the file: bytes from a source, or bytes that the planner put in. */
export type ProgressivePiece<Source> = {
  /** Offset of its first byte in the file. */
  readonly offset: number
  readonly size: number
} & ({ readonly source: Source /** Bytes of the source before it. */; readonly skip: number } | Inserted)

interface Inserted {
  readonly bytes: Uint8Array
}

/** Bytes of the file, ready, or to be fetched: `length` bytes from byte `skip` of `source` on. */
export type RangePiece<Source> =
  | { readonly bytes: Uint8Array }
  | { readonly source: Source; readonly skip: number; readonly length: number }

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

/** All of `createProgressivePlanner` in one go; chunks may be made while they are asked for. */
export function planProgressiveMp4<Source>(movie: {
  readonly tracks: readonly (ProgressiveTrack & { readonly chunks: Iterable<ProgressiveChunk<Source>> })[]
}): ProgressivePlan<Source> {
  const planner = createProgressivePlanner<Source>(movie.tracks)
  for (const track of movie.tracks) for (const chunk of track.chunks) planner.add(track.track, chunk)
  return planner.finish()
}

/** Where the file's bytes from `from` up to, not including, `end` come from, in order; nothing past its end. */
export function piecesInRange<Source>(plan: ProgressivePlan<Source>, from: number, end: number): RangePiece<Source>[] {
  const { header, layout } = plan
  const pieces: RangePiece<Source>[] = []
  if (from < Math.min(end, header.byteLength)) pieces.push({ bytes: header.subarray(from, end) })
  for (let i = pieceAt(layout, from); i < layout.length; i++) {
    const piece = layout[i]
    if (piece === undefined || piece.offset >= end) break
    const skip = Math.max(0, from - piece.offset)
    const length = Math.min(piece.size, end - piece.offset) - skip
    if (length <= 0) continue
    if ('bytes' in piece) pieces.push({ bytes: piece.bytes.subarray(skip, skip + length) })
    else pieces.push({ source: piece.source, skip: piece.skip + skip, length })
  }
  return pieces
}

/** Index of the first piece that ends behind `offset`. */
function pieceAt(layout: readonly ProgressivePiece<unknown>[], offset: number): number {
  let low = 0
  let high = layout.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const piece = layout[middle]
    if (piece !== undefined && piece.offset + piece.size <= offset) low = middle + 1
    else high = middle
  }
  return low
}

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
  const pieces = interleave(builders.map(([, builder]) => builder.pieces))
  const mediaSize = pieces.reduce((sum, { piece }) => sum + piece.size, 0)
  const largeMdat = mediaSize + 8 > MAX_U32
  const mdatHeader = largeMdat
    ? fields((w) =>
        w
          .u32(1)
          .ascii('mdat')
          .u64(mediaSize + 16),
      )
    : fields((w) => w.u32(mediaSize + 8).ascii('mdat'))
  const finished = builders.map(([track, builder]) => {
    const table = builder.finish()
    return { track, builder, table, tableBoxes: table.boxes(), delay: (builder.start ?? 0) - origin }
  })
  const build = (large: boolean): { tracks: FinishedTrack<Source>[]; boxes: BoxTree[]; size: number } => {
    const tracks = finished.map((track) => ({
      ...track,
      offsets: new DataView(new ArrayBuffer(track.builder.pieces.length * (large ? 8 : 4))),
    }))
    const boxes = [ftyp('isom', 0x200, ['isom', 'iso4', 'avc1', 'mp41']), moov(tracks, large)]
    return { tracks, boxes, size: boxes.reduce((sum, item) => sum + item.size, mdatHeader.byteLength) }
  }
  let large = largeMdat
  let built = build(large)
  if (!large && built.size + mediaSize > MAX_U32) {
    large = true
    built = build(true)
  }
  const layout = place(pieces, built.tracks, built.size, large)
  const head = writeBoxes(...built.boxes)
  const header = new Uint8Array(built.size)
  header.set(head)
  header.set(mdatHeader, head.byteLength)
  return {
    header,
    mdatSize: mdatHeader.byteLength + mediaSize,
    size: header.byteLength + mediaSize,
    duration: movieTicks(finished) / MOVIE_TIMESCALE,
    layout,
  }
}

interface TrackPiece<Source> {
  readonly piece: ChunkPiece<Source>
  /** Index of the track. */
  readonly index: number
}

/** Chunks of all tracks by time; those of one track keep their order. */
function interleave<Source>(tracks: readonly (readonly ChunkPiece<Source>[])[]): TrackPiece<Source>[] {
  const all = tracks.flatMap((pieces, index) => pieces.map((piece) => ({ piece, index })))
  return all.sort((a, b) => a.piece.time - b.piece.time)
}

/** Gives each piece its offset, and the tracks those of their chunks. */
function place<Source>(
  pieces: readonly TrackPiece<Source>[],
  tracks: readonly FinishedTrack<Source>[],
  start: number,
  large: boolean,
): ProgressivePiece<Source>[] {
  const next = tracks.map(() => 0)
  const layout: ProgressivePiece<Source>[] = []
  let offset = start
  for (const { piece, index } of pieces) {
    const at = next[index] ?? 0
    const offsets = tracks[index]?.offsets
    if (large) offsets?.setBigUint64(at * 8, BigInt(offset))
    else offsets?.setUint32(at * 4, offset)
    next[index] = at + 1
    const end = offset + piece.size
    let skip = 0
    for (const { at: before, bytes } of piece.insertions ?? []) {
      if (before > skip) layout.push({ offset, size: before - skip, source: piece.source, skip })
      offset += before - skip
      skip = before
      layout.push({ offset, size: bytes.byteLength, bytes })
      offset += bytes.byteLength
    }
    if (end > offset) layout.push({ offset, size: end - offset, source: piece.source, skip })
    offset = end
  }
  return layout
}

function moov<Source>(tracks: readonly FinishedTrack<Source>[], large: boolean): BoxTree {
  const nextTrack = 1 + tracks.reduce((most, { track }) => Math.max(most, track), 0)
  return box('moov', mvhd(MOVIE_TIMESCALE, movieTicks(tracks), nextTrack), ...tracks.map((track) => trak(track, large)))
}

function trak<Source>(item: FinishedTrack<Source>, large: boolean): BoxTree {
  const { builder, table, offsets, delay } = item
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
    tkhd(item.track, builder.config, endTicks(item)),
    ...(delay > 0 ? [edits(Math.round(delay * MOVIE_TIMESCALE), endTicks(item))] : []),
    mdia(builder.config, table.duration, stbl),
  )
}

/** A track that begins later: an empty edit, then all of its media (§8.6.6). */
function edits(delay: number, end: number): BoxTree {
  const rate = 0x0001_0000
  const duration = end - delay
  if (end > MAX_U32) {
    const entries = fields((w) =>
      w.u32(2).u64(delay).u32(MAX_U32).u32(MAX_U32).u32(rate).u64(duration).u64(0).u32(rate),
    )
    return box('edts', fullBox('elst', 1, 0, entries))
  }
  const entries = fields((w) => w.u32(2).u32(delay).i32(-1).u32(rate).u32(duration).i32(0).u32(rate))
  return box('edts', fullBox('elst', 0, 0, entries))
}

type Timed = Pick<FinishedTrack<unknown>, 'table' | 'delay'> & { readonly builder: { readonly config: TrackConfig } }

/** End of a track in ticks of the movie. */
function endTicks({ table, delay, builder }: Timed): number {
  return Math.round((delay + table.duration / builder.config.timescale) * MOVIE_TIMESCALE)
}

function movieTicks(tracks: readonly Timed[]): number {
  return tracks.reduce((most, track) => Math.max(most, endTicks(track)), 0)
}
