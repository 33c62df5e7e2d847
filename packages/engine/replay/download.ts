import { isBroughtTrack, type TrackId } from '@bandstand/media/access-unit.ts'
import type { SampleDefaults } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { parseInitSegment } from '@bandstand/media/containers/isobmff/parse-init.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { EngineError } from '../error.ts'
import { isReplayed } from '../store/pause.ts'
import type { AssetIndex, AssetTrack, IndexedSegment, SegmentStore } from '../store/port.ts'
import { createDownloadTimeline } from './download-timeline.ts'
import { limits } from './limits.ts'
import { type FlatPlan, type PlanHead, type PlanRow, type PlanSegment, pieceAt, planMemory } from './plan-model.ts'
import { createLocalPlan, createPlanThread } from './plan-thread.ts'
import { createRowReader, findEpochTrack, turn } from './rows.ts'

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

type Store = Pick<SegmentStore, 'read' | 'parts'>

/**
 * Plans the download of what an index lists, of the encoder's first rendition where it brought several. Reads nothing but the head of
 * each part; gives others their turn.
 *
 * @returns `undefined` when there is no media.
 */
export async function planDownload(store: Store, whole: AssetIndex): Promise<Download | undefined> {
  const index = { ...whole, tracks: whole.tracks.filter(({ track }) => !isBroughtTrack(track)) }
  const configs = new Map(index.tracks.map((track) => [track.track, collectConfigs(index, track)]))
  const known = [...configs].filter(([, { configs }]) => configs.length > 0)
  const start = {
    tracks: known.map(([track, own]) => ({ track, configs: own.configs })),
    defaults: known.map(([track, { byConfig }]) => ({ track, byConfig })),
  }
  const rowCount = index.tracks[0]?.segments.length ?? 0
  const planner = rowCount < limits.localRows ? createLocalPlan(start) : await createPlanThread(start)
  try {
    const timeline = createDownloadTimeline()
    const reader = createRowReader(index.removed)
    for (let rows = reader.next(index, 8); rows !== undefined; rows = reader.next(index, 8)) {
      const plan: PlanRow[] = []
      for (const row of rows) {
        const segments: PlanSegment[] = []
        const shifts = timeline.next(row)
        const heads = await Promise.all(
          index.tracks.map((track, i) => readHeads(store, index.assetId, track.track, row.segments[i])),
        )
        for (const [i, { track }] of index.tracks.entries()) {
          const segment = row.segments[i]
          const configIndex = configs.get(track)?.ofEpoch.get(row.epoch?.id ?? -1)
          if (segment === undefined || !isReplayed(segment) || configIndex === undefined) continue
          const { firstPart, lastPart } = segment
          segments.push({ track, firstPart, lastPart, configIndex, shift: shifts[i] ?? 0, heads: heads[i] ?? [] })
        }
        plan.push({ discontinuity: row.discontinuity, segments })
      }
      await planner.add(plan)
      await turn()
    }
    const plan = await planner.finish()
    if (plan === undefined) return undefined
    return {
      total: plan.total,
      duration: timeline.duration,
      memory: planMemory(plan),
      open: (first, last) => readDownload(store, index.assetId, plan, first, last + 1),
    }
  } finally {
    await planner.close()
  }
}

interface TrackConfigs {
  readonly configs: readonly TrackConfig[]
  /** Defaults of fragments of each configuration. */
  readonly byConfig: readonly ReadonlyMap<TrackId, SampleDefaults>[]
  /** Place of an epoch's configuration. */
  readonly ofEpoch: ReadonlyMap<number, number>
}

/** Each configuration once, however many epochs it served in. */
function collectConfigs(index: AssetIndex, { track }: AssetTrack): TrackConfigs {
  const configs: TrackConfig[] = []
  const byConfig: ReadonlyMap<TrackId, SampleDefaults>[] = []
  const byInit = new Map<number, number>()
  const ofEpoch = new Map<number, number>()
  for (const epoch of index.epochs) {
    const own = findEpochTrack(epoch, track)
    if (own === undefined) continue
    let place = byInit.get(own.initNumber)
    if (place === undefined) {
      place = configs.push(own.config) - 1
      byConfig.push(parseInitSegment(own.init).defaults)
      byInit.set(own.initNumber, place)
    }
    ofEpoch.set(epoch.id, place)
  }
  return { configs, byConfig, ofEpoch }
}

async function readHeads(
  store: Store,
  assetId: string,
  track: TrackId,
  segment: IndexedSegment | undefined,
): Promise<readonly PlanHead[]> {
  if (segment === undefined || !isReplayed(segment)) return []
  const { firstPart, lastPart, size } = segment
  const parts = (await store.parts(assetId, track, firstPart, lastPart)) ?? []
  if (size <= limits.smallSegment) {
    const whole = await store.read(assetId, track, firstPart, lastPart)
    if (whole === undefined) throw gone(assetId, track, firstPart)
    return parts.map(({ offset, length }) => ({ offset, bytes: headOf(whole.subarray(offset, offset + length)) }))
  }
  const heads: PlanHead[] = []
  for (const part of parts) {
    const length = Math.min(part.length, limits.moofBytes)
    let bytes = await store.read(assetId, track, firstPart, lastPart, { from: part.offset, to: part.offset + length })
    if (bytes !== undefined && moofEnd(bytes) === undefined) {
      bytes = await store.read(assetId, track, part.number, part.number)
    }
    if (bytes === undefined) throw gone(assetId, track, part.number)
    heads.push({ offset: part.offset, bytes })
  }
  return heads
}

/** Where the `moof` ends, whatever stands in front of it; `undefined` when the bytes do not reach so far. */
function moofEnd(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at)
    if (size < 8 || at + size > bytes.byteLength) return undefined
    at += size
    if (view.getUint32(at - size + 4) === 0x6d6f6f66) return at
  }
  return undefined
}

/** A copy without the media, for it is sent to another thread. */
function headOf(part: Uint8Array): Uint8Array {
  return part.slice(0, (moofEnd(part) ?? part.byteLength) + 8)
}

async function* readDownload(
  store: Store,
  assetId: string,
  plan: FlatPlan,
  from: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const { header } = plan
  for (let at = from; at < Math.min(end, header.byteLength); at += limits.downloadChunk) {
    yield header.subarray(at, Math.min(end, at + limits.downloadChunk))
  }
  for (let i = pieceAt(plan, from); i < plan.offset.length; i++) {
    const offset = plan.offset[i] ?? 0
    if (offset >= end) return
    const track = plan.track[i] ?? 0
    const [firstPart, lastPart] = [plan.firstPart[i] ?? 0, plan.lastPart[i] ?? 0]
    const first = Math.max(0, from - offset)
    const last = Math.min(plan.size[i] ?? 0, end - offset)
    if (track === 0) {
      yield plan.inserted[firstPart]?.subarray(first, last) ?? new Uint8Array(0)
      continue
    }
    const place = plan.place[i] ?? 0
    for (let at = first; at < last; at += limits.downloadChunk) {
      const range = { from: place + at, to: place + Math.min(last, at + limits.downloadChunk) }
      const bytes = await store.read(assetId, track, firstPart, lastPart, range)
      if (bytes === undefined) throw gone(assetId, track, firstPart)
      yield bytes
    }
  }
}

function gone(assetId: string, track: TrackId, part: number): EngineError {
  return new EngineError('not-found', 'media of a download has been removed', { assetId, track, part })
}
