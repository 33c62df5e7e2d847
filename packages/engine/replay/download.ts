import type { TrackId } from '@bandstand/media/access-unit.ts'
import { parseFragment, parseInitSegment, type SampleDefaults } from '@bandstand/media/containers/isobmff/parse.ts'
import {
  createProgressivePlanner,
  piecesInRange,
  type ProgressivePlan,
  type ProgressivePlanner,
} from '@bandstand/media/containers/isobmff/progressive.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { EngineError } from '../error.ts'
import type { AssetIndex, AssetTrack, IndexedSegment, SegmentStore, StoredPart } from '../store/port.ts'
import { createDownloadTimeline } from './download-timeline.ts'
import { limits } from './limits.ts'
import { createRowReader, findEpochTrack, type ReplayRow, turn } from './rows.ts'

/** An asset as one ordinary MP4 that is put together while it is sent. */
export interface Download {
  /** Bytes of the whole file. */
  readonly total: number
  /** Seconds. */
  readonly duration: number
  /** Bytes from `first` to `last`, both included. @throws EngineError `not-found` where media has gone meanwhile */
  open(first: number, last: number): AsyncIterable<Uint8Array>
  /** Memory in bytes that the plan takes. */
  readonly memory: number
}

/** Where a piece of media lies; a plain tuple would cost three times as much, and there is one for each part. */
interface Source {
  readonly track: TrackId
  readonly firstPart: number
  readonly lastPart: number
  /** Of the media within the segment's bytes. */
  readonly offset: number
}

type Store = Pick<SegmentStore, 'read' | 'parts'>

/**
 * Plans the download of what an index lists. Reads nothing but the head of each part; gives others their turn.
 *
 * @returns `undefined` when there is no media.
 */
export async function planDownload(store: Store, index: AssetIndex): Promise<Download | undefined> {
  const configs = new Map(index.tracks.map((track) => [track.track, collectConfigs(index, track)]))
  const tracks = index.tracks.map(({ track }) => ({ track, configs: configs.get(track)?.configs ?? [] }))
  const planner = createProgressivePlanner<Source>(tracks.filter((track) => track.configs.length > 0))
  const reader = createRowReader(index.removed)
  const timeline = createDownloadTimeline(index)
  let samples = 0
  let parts = 0
  for (;;) {
    const rows = reader.next(index, 32)
    if (rows === undefined) break
    for (const row of rows) {
      const shifts = timeline.next(row)
      const heads = await Promise.all(
        index.tracks.map((track, i) => readHeads(store, index.assetId, track.track, row.segments[i])),
      )
      for (const [i, track] of index.tracks.entries()) {
        const added = addSegment(planner, row, track, row.segments[i], heads[i] ?? [], shifts[i] ?? 0, configs)
        samples += added
        parts += heads[i]?.length ?? 0
      }
    }
    await turn()
  }
  if (samples === 0) return undefined
  const plan = planner.finish()
  return {
    total: plan.size,
    duration: timeline.duration,
    memory: plan.header.byteLength + parts * 120,
    open: (first, last) => readDownload(store, index.assetId, plan, first, last + 1),
  }
}

interface TrackConfigs {
  readonly configs: readonly TrackConfig[]
  /** Of an epoch: place in `configs`, and defaults of its fragments. */
  readonly ofEpoch: ReadonlyMap<
    number,
    { readonly place: number; readonly defaults: ReadonlyMap<TrackId, SampleDefaults> }
  >
}

/** Each configuration once, however many epochs it served in. */
function collectConfigs(index: AssetIndex, { track }: AssetTrack): TrackConfigs {
  const found: TrackConfig[] = []
  const byInit = new Map<number, { place: number; defaults: ReadonlyMap<TrackId, SampleDefaults> }>()
  const ofEpoch = new Map<number, { place: number; defaults: ReadonlyMap<TrackId, SampleDefaults> }>()
  for (const epoch of index.epochs) {
    const own = findEpochTrack(epoch, track)
    if (own === undefined) continue
    let known = byInit.get(own.initNumber)
    if (known === undefined) {
      known = { place: found.push(own.config) - 1, defaults: parseInitSegment(own.init).defaults }
      byInit.set(own.initNumber, known)
    }
    ofEpoch.set(epoch.id, known)
  }
  return { configs: found, ofEpoch }
}

/** A part with enough of its bytes for the `moof`. */
interface Head extends StoredPart {
  readonly bytes: Uint8Array
}

async function readHeads(
  store: Store,
  assetId: string,
  track: TrackId,
  segment: IndexedSegment | undefined,
): Promise<readonly Head[]> {
  if (segment === undefined || segment.gap) return []
  const { firstPart, lastPart, size } = segment
  const parts = (await store.parts(assetId, track, firstPart, lastPart)) ?? []
  if (size <= limits.smallSegment) {
    const whole = await store.read(assetId, track, firstPart, lastPart)
    if (whole === undefined) throw gone(assetId, track, firstPart)
    return parts.map((part) => ({ ...part, bytes: whole.subarray(part.offset, part.offset + part.length) }))
  }
  const heads: Head[] = []
  for (const part of parts) {
    const length = Math.min(part.length, limits.moofBytes)
    let bytes = await store.read(assetId, track, firstPart, lastPart, { from: part.offset, to: part.offset + length })
    if (bytes !== undefined && !holdsMoof(bytes)) {
      bytes = await store.read(assetId, track, part.number, part.number)
    }
    if (bytes === undefined) throw gone(assetId, track, part.number)
    heads.push({ ...part, bytes })
  }
  return heads
}

/** True when the bytes reach past the end of the `moof`, whatever stands in front of it. */
function holdsMoof(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at)
    if (view.getUint32(at + 4) === 0x6d6f6f66) return at + size <= bytes.byteLength
    if (size < 8) return false
    at += size
  }
  return false
}

function addSegment(
  planner: ProgressivePlanner<Source>,
  row: ReplayRow,
  track: AssetTrack,
  segment: IndexedSegment | undefined,
  heads: readonly Head[],
  shift: number,
  configs: ReadonlyMap<TrackId, TrackConfigs>,
): number {
  const config = configs.get(track.track)?.ofEpoch.get(row.epoch?.id ?? -1)
  if (segment === undefined || config === undefined) return 0
  let samples = 0
  for (const head of heads) {
    const fragment = parseFragment(head.bytes, { defaults: config.defaults, partial: true })
    const [first] = fragment.samples
    if (first === undefined) continue
    planner.add(track.track, {
      configIndex: config.place,
      start: fragment.baseDecodeTime + shift,
      samples: fragment.samples,
      source: {
        track: track.track,
        firstPart: segment.firstPart,
        lastPart: segment.lastPart,
        offset: head.offset + first.offset,
      },
    })
    samples += fragment.samples.length
  }
  return samples
}

async function* readDownload(
  store: Store,
  assetId: string,
  plan: ProgressivePlan<Source>,
  from: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  // In windows: the list of all pieces of a day would be larger than what a viewer may cost.
  for (let window = from; window < end; window += limits.downloadWindow) {
    for (const piece of piecesInRange(plan, window, Math.min(end, window + limits.downloadWindow))) {
      if ('bytes' in piece) {
        yield piece.bytes
        continue
      }
      const { track, firstPart, lastPart, offset } = piece.source
      for (let at = 0; at < piece.length; at += limits.downloadChunk) {
        const begin = offset + piece.skip + at
        const range = { from: begin, to: begin + Math.min(limits.downloadChunk, piece.length - at) }
        const bytes = await store.read(assetId, track, firstPart, lastPart, range)
        if (bytes === undefined) throw gone(assetId, track, firstPart)
        yield bytes
      }
    }
  }
}

function gone(assetId: string, track: TrackId, part: number): EngineError {
  return new EngineError('not-found', 'media of a download has been removed', { assetId, track, part })
}
