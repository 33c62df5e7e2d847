import type { TrackId } from '@bandstand/media/access-unit.ts'
import { printMpd } from '@bandstand/media/manifests/dash/print.ts'
import { LRUCache } from 'lru-cache'
import { availabilityStart } from '../dash/clock.ts'
import { type ManifestInput, replayManifest, runningManifest } from '../dash/manifest.ts'
import { createStretches, type Stretches, secondsSinceFirst } from '../dash/stretches.ts'
import type { RenderedText } from '../packager/live.ts'
import { initFor } from '../packager/model.ts'
import { rendered } from '../packager/window/rendered.ts'
import { findEpoch } from '../store/epochs.ts'
import { isReplayed } from '../store/pause.ts'
import type { AssetIndex, SegmentStore } from '../store/port.ts'
import { createAssetTurns } from './asset-turns.ts'
import { limits } from './limits.ts'
import { addToRate, createRate, rateOf, type TrackRate } from './multivariant.ts'
import { createRowReader, firstMsnOf, type RowReader, turn } from './rows.ts'

/** DASH manifests of all assets, printed once per version of an index. `undefined`: no such asset, or nothing in it yet. */
export interface ReplayManifests {
  get(assetId: string): Promise<RenderedText | undefined>
}

/** What is known of an asset. Grows with its index; made anew when the front of the index went, and when it leaves the clock. */
interface Known {
  readonly firstMsn: number | undefined
  readonly removed: number
  readonly onClock: boolean
  readonly reader: RowReader
  readonly stretches: Stretches
  readonly rates: Map<TrackId, TrackRate>
  published: number
  version: number
  ended: boolean
  shown: RenderedText | undefined
}

/** About what a printed `S` element takes, as text and compressed, and as a value. */
const RUN_BYTES = 150

/**
 * The manifest is on the wall clock: the broadcast runs, or has ended so short a while ago that who played it has to be told.
 * Whoever got another timeline then would be at another place of it, behind its end mostly.
 *
 * @param now Unix milliseconds
 */
export function isOnClock({ ended, endedAt }: AssetIndex, now: number): boolean {
  const age = endedAt === undefined ? Number.POSITIVE_INFINITY : now - endedAt
  return !ended || (age >= 0 && age < limits.endedOnClock)
}

/**
 * @param maxBytes of text kept, all assets together
 * @param now Unix milliseconds
 */
export function createReplayManifests(
  store: Pick<SegmentStore, 'index'>,
  maxBytes: number = limits.playlistBytes,
  now: () => number = Date.now,
): ReplayManifests {
  const cache = new LRUCache<string, Known>({
    ...{ max: 1_000, maxSize: maxBytes },
    // The cache drops what is larger than itself: each request of such a manifest would print it anew.
    sizeCalculation: ({ stretches }) =>
      Math.min(maxBytes, 10_000 + 2_000 * stretches.list.length + RUN_BYTES * stretches.runs),
  })
  const inTurn = createAssetTurns()

  async function update(assetId: string): Promise<RenderedText | undefined> {
    const index = await store.index(assetId)
    if (index === undefined) return undefined
    const firstMsn = firstMsnOf(index)
    const onClock = isOnClock(index, now())
    let known = cache.get(assetId)
    const isSame =
      known?.removed === index.removed.segments &&
      known.onClock === onClock &&
      (known.firstMsn ?? firstMsn) === firstMsn
    if (known === undefined || !isSame) known = begin(index, onClock)
    if (known.version >= index.version && known.ended === index.ended) return known.shown
    for (;;) {
      const rows = known.reader.next(index, limits.rowsPerTurn)
      if (rows === undefined) break
      for (const { segments, epoch, discontinuity } of rows) {
        // On the wall clock what is missing is a hole; a replay leaves it out.
        if (discontinuity && !onClock) known.stretches.split()
        for (const [place, { track }] of index.tracks.entries()) {
          const segment = segments[place]
          if (segment === undefined || !isReplayed(segment) || epoch === undefined) continue
          // A period has one initialisation segment of a track: of a rendition that changed within it only the newest is listed.
          if (initFor(epoch, track, segment.firstPart) !== initFor(epoch, track, Number.POSITIVE_INFINITY)) continue
          // With its pause: dash.js 5.2 asks for nothing behind a hole.
          known.stretches.add(track, epoch, segment)
          addToRate(rateFor(known, track), segment, index.timing.targetDuration)
          known.published = Math.max(known.published, segment.closedAt)
        }
      }
      if (rows.length >= limits.rowsPerTurn / 2) await turn()
    }
    // Retention removed the front while it was read.
    if (firstMsnOf(index) !== firstMsn) {
      cache.delete(assetId)
      return update(assetId)
    }
    known.version = index.version
    known.ended = index.ended
    known.shown = render(index, known)
    // The cache measures what is new to it, not what has grown since.
    cache.delete(assetId)
    cache.set(assetId, known)
    return known.shown
  }

  return { get: (assetId) => inTurn(assetId, () => update(assetId)) }
}

function begin(index: AssetIndex, onClock: boolean): Known {
  return {
    firstMsn: firstMsnOf(index),
    removed: index.removed.segments,
    onClock,
    reader: createRowReader(index.removed),
    stretches: createStretches(),
    rates: new Map(),
    published: 0,
    version: -1,
    ended: false,
    shown: undefined,
  }
}

function rateFor({ rates }: Known, track: TrackId): TrackRate {
  let rate = rates.get(track)
  if (rate === undefined) rates.set(track, (rate = createRate()))
  return rate
}

function render(index: AssetIndex, { stretches, rates, published, onClock }: Known): RenderedText | undefined {
  if (stretches.list.length === 0) return undefined
  const input: ManifestInput = {
    stretches: stretches.list,
    timing: index.timing,
    folder: '',
    bandwidth: (track) => rateOf(rates, track).peak,
  }
  const mpd = onClock
    ? runningManifest({
        ...input,
        availabilityStart: availabilityStart(index.assetId),
        // The end is a version of its own.
        published: published + (index.ended ? 1 : 0),
        // Without it players take a period's start for the left end, where there is nothing any more.
        depth: index.shed ? secondsSinceFirst(stretches.list, published) : undefined,
        ended: index.ended,
        late: lateBy(index),
      })
    : replayManifest(input)
  return rendered(printMpd(mpd))
}

/** Segments by which lateness is judged; one of them may be late by chance. */
const JUDGED = 3

/** Whole seconds by which media come late, those of the slowest track. */
function lateBy({ tracks, epochs }: AssetIndex): number {
  const late = tracks.map(({ segments }) => {
    const newest = segments.slice(-JUDGED).filter(isReplayed)
    const each = newest.map(({ epoch, start, duration, timescale, closedAt }) => {
      const of = findEpoch(epochs, epoch)
      return of === undefined
        ? 0
        : closedAt - of.wallClock - ((start + duration) / timescale - of.start / 90_000) * 1000
    })
    return each.length === 0 ? 0 : Math.min(...each)
  })
  return Math.floor(Math.max(0, ...late) / 1000)
}
