import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { IndexedSegment, SegmentList } from './port.ts'

/** A segment of one track with its place in the files of its span. */
export interface StoredSegment extends IndexedSegment {
  /** Of its first part in the data file, and how many parts there are. */
  readonly offset: number
  readonly parts: number
  /** Of its first record in the index file, counted from 0, and how many there are to its last: other tracks' too. */
  readonly record: number
  readonly records: number
}

/** One media sequence number over all tracks. `start` and `duration` in 90 kHz ticks, of the first track with media. */
export interface Row {
  readonly msn: number
  readonly epoch: number
  readonly start: number
  readonly duration: number
  readonly closedAt: number
  /** Listed rows and discontinuities up to and including this one. */
  readonly segments: number
  readonly discontinuities: number
  readonly listed: boolean
}

/**
 * Rows of an asset in typed arrays, in pages so that the front can be dropped: about 80 bytes a row and 50 more for
 * each track.
 */
export interface Rows {
  readonly length: number
  /** Memory in bytes. */
  readonly memory: number
  readonly tracks: readonly TrackId[]
  push(row: Row, segments: ReadonlyMap<TrackId, StoredSegment>): void
  row(index: number): Row | undefined
  /** The segment of a track, a gap where it has none. */
  segment(track: TrackId, index: number): StoredSegment | undefined
  /** Index of the first row with at least this media sequence number; `length` when there is none. */
  find(msn: number): number
  /** Row whose segment of the track holds the part, or -1. */
  findPart(track: TrackId, part: number): number
  /** Forgets rows before `index`. */
  drop(index: number): void
  /** A view that keeps to the rows of now: later rows are not in it, dropped ones vanish from its front. */
  list(track: TrackId): SegmentList
}

const PAGE = 256

interface Column {
  readonly flags: Uint8Array
  readonly firstPart: Float64Array
  readonly lastPart: Float64Array
  readonly start: Float64Array
  readonly offset: Float64Array
  readonly duration: Uint32Array
  readonly pause: Uint32Array
  readonly size: Uint32Array
  readonly record: Uint32Array
  readonly records: Uint16Array
  readonly parts: Uint16Array
}

interface Page {
  readonly msn: Float64Array
  readonly start: Float64Array
  readonly closedAt: Float64Array
  readonly epoch: Uint32Array
  readonly duration: Uint32Array
  readonly segments: Uint32Array
  readonly discontinuities: Uint32Array
  readonly listed: Uint8Array
  readonly columns: Map<TrackId, Column>
}

const PAGE_BYTES = PAGE * 41
const COLUMN_BYTES = PAGE * 53
const MEDIA = 1
const INDEPENDENT = 2

/** @param timescale of a track in an epoch, in ticks a second. */
export function createRows(timescale: (track: TrackId, epoch: number) => number): Rows {
  const pages: Page[] = []
  const lastParts = new Map<TrackId, number>()
  /** Rows dropped in all, and how many of them are still in the first page. */
  let dropped = 0
  let skip = 0
  let length = 0

  function place(index: number): [Page, number] | undefined {
    if (index < 0 || index >= length) return undefined
    const page = pages[Math.floor((index + skip) / PAGE)]
    return page === undefined ? undefined : [page, (index + skip) % PAGE]
  }

  function push(row: Row, segments: ReadonlyMap<TrackId, StoredSegment>): void {
    const at = (length + skip) % PAGE
    if (at === 0) pages.push(createPage())
    const page = pages[pages.length - 1] as Page
    page.msn[at] = row.msn
    page.start[at] = row.start
    page.closedAt[at] = row.closedAt
    page.epoch[at] = row.epoch
    page.duration[at] = row.duration
    page.segments[at] = row.segments
    page.discontinuities[at] = row.discontinuities
    page.listed[at] = row.listed ? 1 : 0
    for (const track of segments.keys()) if (!lastParts.has(track)) lastParts.set(track, -1)
    for (const [track, lastPart] of lastParts) {
      let column = page.columns.get(track)
      if (column === undefined) page.columns.set(track, (column = createColumn(at, lastPart)))
      const segment = segments.get(track)
      if (segment === undefined) {
        // An empty range of parts keeps the column sorted for `findPart`.
        column.firstPart[at] = lastPart + 1
        column.lastPart[at] = lastPart
        continue
      }
      column.flags[at] = (segment.gap ? 0 : MEDIA) | (segment.independent ? INDEPENDENT : 0)
      column.firstPart[at] = segment.firstPart
      column.lastPart[at] = segment.lastPart
      column.start[at] = segment.start
      column.offset[at] = segment.offset
      column.duration[at] = segment.duration
      column.pause[at] = segment.pause ?? 0
      column.size[at] = segment.size
      column.record[at] = segment.record
      column.records[at] = segment.records
      column.parts[at] = segment.parts
      lastParts.set(track, segment.lastPart)
    }
    length++
  }

  function row(index: number): Row | undefined {
    const found = place(index)
    if (found === undefined) return undefined
    const [page, at] = found
    return {
      msn: page.msn[at] ?? 0,
      epoch: page.epoch[at] ?? 0,
      start: page.start[at] ?? 0,
      duration: page.duration[at] ?? 0,
      closedAt: page.closedAt[at] ?? 0,
      segments: page.segments[at] ?? 0,
      discontinuities: page.discontinuities[at] ?? 0,
      listed: page.listed[at] === 1,
    }
  }

  function segment(track: TrackId, index: number): StoredSegment | undefined {
    const found = place(index)
    if (found === undefined) return undefined
    const [page, at] = found
    const column = page.columns.get(track)
    const epoch = page.epoch[at] ?? 0
    const own = timescale(track, epoch)
    const common = { msn: page.msn[at] ?? 0, epoch, timescale: own, closedAt: page.closedAt[at] ?? 0 }
    const firstPart = column?.firstPart[at] ?? 0
    const lastPart = column?.lastPart[at] ?? -1
    if (column === undefined || lastPart < firstPart) {
      const ticks = own / 90_000
      const start = Math.round((page.start[at] ?? 0) * ticks)
      const duration = Math.round(((page.start[at] ?? 0) + (page.duration[at] ?? 0)) * ticks) - start
      const none = { size: 0, independent: false, gap: true, offset: 0, parts: 0, record: 0, records: 0 }
      return { ...common, ...none, firstPart, lastPart, start, duration }
    }
    const flags = column.flags[at] ?? 0
    const pause = column.pause[at] ?? 0
    return {
      ...common,
      firstPart,
      lastPart,
      start: column.start[at] ?? 0,
      duration: column.duration[at] ?? 0,
      size: column.size[at] ?? 0,
      independent: (flags & INDEPENDENT) !== 0,
      gap: (flags & MEDIA) === 0,
      ...(pause > 0 && { pause }),
      offset: column.offset[at] ?? 0,
      record: column.record[at] ?? 0,
      records: column.records[at] ?? 0,
      parts: column.parts[at] ?? 0,
    }
  }

  /** First index for which `reached` holds, given that it stays true once it is. */
  function search(reached: (page: Page, at: number) => boolean): number {
    let low = 0
    let high = length
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = place(middle)
      if (found !== undefined && reached(found[0], found[1])) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    get length() {
      return length
    },
    get memory() {
      return pages.length * (PAGE_BYTES + COLUMN_BYTES * lastParts.size) + 1_000
    },
    get tracks() {
      return [...lastParts.keys()].sort((a, b) => a - b)
    },
    push,
    row,
    segment,
    find: (msn) => search((page, at) => (page.msn[at] ?? 0) >= msn),
    findPart(track, part) {
      const index = search((page, at) => (page.columns.get(track)?.lastPart[at] ?? -1) >= part)
      const found = segment(track, index)
      return found !== undefined && found.firstPart <= part && part <= found.lastPart ? index : -1
    },
    drop(index) {
      const count = Math.min(index, length)
      dropped += count
      length -= count
      skip += count
      while (skip >= PAGE) {
        pages.shift()
        skip -= PAGE
      }
      // An empty first page would be continued at the wrong place.
      if (length === 0) {
        pages.length = 0
        skip = 0
      }
    },
    list(track) {
      const from = dropped
      const to = dropped + length
      const gone = () => Math.min(dropped - from, to - from)
      const size = () => Math.min(to - dropped, length)
      return {
        get length() {
          return Math.max(0, size())
        },
        at: (index) => {
          const count = Math.max(0, size())
          const wanted = index < 0 ? count + index : index
          return wanted < 0 || wanted >= count ? undefined : segment(track, wanted)
        },
        slice(start = 0, end = Infinity) {
          const count = Math.max(0, size())
          const first = start < 0 ? Math.max(0, count + start) : start
          const last = Math.min(count, end < 0 ? count + end : end)
          const found: StoredSegment[] = []
          for (let i = first; i < last; i++) {
            const value = segment(track, i)
            if (value !== undefined) found.push(value)
          }
          return found
        },
        *[Symbol.iterator]() {
          for (let ordinal = gone(); ordinal < to - from; ordinal++) {
            const value = segment(track, ordinal + from - dropped)
            if (value !== undefined) yield value
          }
        },
      }
    },
  }
}

function createPage(): Page {
  return {
    msn: new Float64Array(PAGE),
    start: new Float64Array(PAGE),
    closedAt: new Float64Array(PAGE),
    epoch: new Uint32Array(PAGE),
    duration: new Uint32Array(PAGE),
    segments: new Uint32Array(PAGE),
    discontinuities: new Uint32Array(PAGE),
    listed: new Uint8Array(PAGE),
    columns: new Map(),
  }
}

/** Rows of the page before `from` are without the track. */
function createColumn(from: number, lastPart: number): Column {
  return {
    flags: new Uint8Array(PAGE),
    firstPart: new Float64Array(PAGE).fill(lastPart + 1, 0, from),
    lastPart: new Float64Array(PAGE).fill(lastPart, 0, from),
    start: new Float64Array(PAGE),
    offset: new Float64Array(PAGE),
    duration: new Uint32Array(PAGE),
    pause: new Uint32Array(PAGE),
    size: new Uint32Array(PAGE),
    record: new Uint32Array(PAGE),
    records: new Uint16Array(PAGE),
    parts: new Uint16Array(PAGE),
  }
}
