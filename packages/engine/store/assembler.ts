import type { TrackId } from '@bandstand/media/access-unit.ts'
import { createListing, type Listing } from './listing.ts'
import { isReplayed } from './pause.ts'
import type { PartRecord } from './record.ts'
import type { Rows, StoredSegment } from './rows.ts'

/**
 * Makes rows out of part records as they reach the disk. A row is closed when every track of its epoch has finished it,
 * so that all tracks always list the same sequence numbers and a listed segment never changes.
 */
export interface Assembler {
  /** @param record place of the record in its index file, counted from 0. */
  add(part: PartRecord, record: number): void
  /** Closes everything that is still open: nothing more comes. */
  finish(): void
  /** Highest numbers seen, -1 before the first. */
  readonly highest: { readonly msn: number; readonly part: number }
  /** Segments of a track that are not in a row yet, oldest first. */
  open(track: TrackId): readonly OpenSegment[]
  /** Segments that came after their row was closed without them. */
  readonly late: number
}

export interface OpenSegment {
  readonly parts: readonly PartRecord[]
}

interface Growing {
  readonly parts: PartRecord[]
  /** Places of the first and the last record; other tracks' stand between them. */
  readonly first: number
  last: number
}

interface Waiting {
  readonly msn: number
  readonly segments: Map<TrackId, Growing>
}

export interface AssemblerOptions {
  readonly rows: Rows
  /** Tracks that an epoch has; all known ones when it is not known. */
  tracksOf(epoch: number): readonly TrackId[] | undefined
  timescale(track: TrackId, epoch: number): number
  /** What retention removed in an earlier life. */
  readonly removed: { readonly segments: number; readonly discontinuities: number }
  /** A track this many rows behind no longer holds a row open. */
  readonly lagging: number
}

export function createAssembler(options: AssemblerOptions): Assembler {
  const listing = createListing(options.removed)
  /** Closed segments by sequence number, rising. */
  const waiting: Waiting[] = []
  const growing = new Map<TrackId, Growing>()
  /** Highest sequence number a track has finished. */
  const finished = new Map<TrackId, number>()
  let highestMsn = -1
  let highestPart = -1
  let settledMsn = -1
  let late = 0

  function close(track: TrackId): void {
    const segment = growing.get(track)
    const msn = segment?.parts[0]?.msn
    if (segment === undefined || msn === undefined) return
    growing.delete(track)
    finished.set(track, msn)
    if (msn <= settledMsn) {
      late++
      return
    }
    let at = waiting.findIndex((row) => row.msn >= msn)
    if (at < 0) at = waiting.length
    if (waiting[at]?.msn !== msn) waiting.splice(at, 0, { msn, segments: new Map() })
    waiting[at]?.segments.set(track, segment)
  }

  function settle(all: boolean): void {
    for (let row = waiting[0]; row !== undefined; row = waiting[0]) {
      if (!all && waiting.length <= options.lagging && !isComplete(row)) return
      waiting.shift()
      settledMsn = row.msn
      pushRow(options, listing, row)
    }
  }

  function isComplete(row: Waiting): boolean {
    const epoch = [...row.segments.values()][0]?.parts[0]?.epoch ?? 0
    const tracks = options.tracksOf(epoch) ?? [...finished.keys()]
    return tracks.every((track) => (finished.get(track) ?? -1) >= row.msn)
  }

  return {
    add(part, record) {
      const { track } = part
      highestMsn = Math.max(highestMsn, part.msn)
      highestPart = Math.max(highestPart, part.number)
      const current = growing.get(track)
      if (current !== undefined && current.parts[0]?.msn !== part.msn) close(track)
      // Whoever has begun a segment has finished all before it, with or without media.
      if (part.msn - 1 > (finished.get(track) ?? -1)) finished.set(track, part.msn - 1)
      const segment = growing.get(track)
      if (segment === undefined) growing.set(track, { parts: [part], first: record, last: record })
      else {
        segment.parts.push(part)
        segment.last = record
      }
      if (part.last) close(track)
      settle(false)
    },
    finish() {
      for (const track of [...growing.keys()]) close(track)
      settle(true)
    },
    get highest() {
      return { msn: highestMsn, part: highestPart }
    },
    open(track) {
      const found: OpenSegment[] = []
      for (const row of waiting) {
        const segment = row.segments.get(track)
        if (segment !== undefined) found.push(segment)
      }
      const last = growing.get(track)
      if (last !== undefined) found.push(last)
      return found
    },
    get late() {
      return late
    },
  }
}

function pushRow(options: AssemblerOptions, listing: Listing, row: Waiting): void {
  const segments = new Map<TrackId, StoredSegment>()
  for (const [track, segment] of row.segments) segments.set(track, toSegment(options, track, segment))
  const tracks = [...segments.keys()].sort((a, b) => a - b)
  const withMedia = tracks.find((track) => {
    const own = segments.get(track)
    return own !== undefined && isReplayed(own)
  })
  const lead = withMedia ?? tracks[0]
  const segment = lead === undefined ? undefined : segments.get(lead)
  if (lead === undefined || segment === undefined) return
  const ticks = 90_000 / segment.timescale
  const start = Math.round(segment.start * ticks)
  const { listed } = listing.next({ msn: row.msn, epoch: segment.epoch, media: withMedia !== undefined })
  options.rows.push(
    {
      msn: row.msn,
      epoch: segment.epoch,
      start,
      duration: Math.round((segment.start + segment.duration) * ticks) - start,
      closedAt: Math.max(...[...segments.values()].map((value) => value.closedAt)),
      segments: listing.segments,
      discontinuities: listing.discontinuities,
      listed,
    },
    segments,
  )
}

/**
 * A lost part makes the whole segment a gap: live it was listed with all of it, and a name has the same bytes wherever it is
 * read. Where the encoder sent nothing for a while, what it did send is there.
 */
function toSegment(options: AssemblerOptions, track: TrackId, growing: Growing): StoredSegment {
  const first = growing.parts[0] as PartRecord
  const last = growing.parts[growing.parts.length - 1] as PartRecord
  const sent = growing.parts.some((part) => part.lost) ? undefined : growing.parts.find((part) => !part.gap)
  const pause = (sent?.start ?? first.start) - first.start
  return {
    msn: first.msn,
    epoch: first.epoch,
    firstPart: first.number,
    lastPart: last.number,
    start: first.start,
    duration: last.start + last.duration - first.start,
    timescale: options.timescale(track, first.epoch),
    size: growing.parts.reduce((sum, part) => sum + part.length, 0),
    independent: (sent ?? first).key,
    gap: sent === undefined,
    ...(pause > 0 && { pause }),
    closedAt: last.closedAt,
    offset: first.offset,
    parts: growing.parts.length,
    record: growing.first,
    records: growing.last - growing.first + 1,
  }
}
