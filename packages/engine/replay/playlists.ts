import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { printMediaPlaylist, printMultivariant } from '@bandstand/media/manifests/hls/print.ts'
import { LRUCache } from 'lru-cache'
import { SKIP_TARGETS, segmentsKept } from '../packager/delta.ts'
import type { RenderedText } from '../packager/live.ts'
import { renditionName } from '../packager/model.ts'
import { rendered } from '../packager/window/rendered.ts'
import type { AssetIndex, SegmentStore } from '../store/port.ts'
import { createAssetTurns } from './asset-turns.ts'
import { limits } from './limits.ts'
import { createSegmentMaker, replayPlaylistOf, withoutTail } from './media-playlist.ts'
import { addToRate, createRate, replayMultivariant, type TrackRate } from './multivariant.ts'
import { createRowReader, firstMsnOf, type RowReader, turn } from './rows.ts'

/** Replay playlists of all assets, printed once per version of an index. `undefined`: no such asset, or nothing in it yet. */
export interface ReplayPlaylists {
  multivariant(assetId: string): Promise<RenderedText | undefined>
  /** @param rendition `v1`; `skip`: a delta update, which the whole playlist stands in for where none is possible. */
  media(assetId: string, rendition: string, skip: boolean): Promise<RenderedText | undefined>
}

/** What is printed of an asset. Grows with its index; made anew when its front went, and when a track joined. */
interface Printed {
  version: number
  readonly firstMsn: number | undefined
  readonly removed: number
  readonly reader: RowReader
  readonly tracks: Map<TrackId, PrintedTrack>
  /** Answers made of it, by what was asked for. */
  readonly answers: Map<string, RenderedText>
}

/** What is printed, and the index that says all of it: what goes in front counts from there. */
interface UpToDate {
  readonly index: AssetIndex
  readonly printed: Printed
}

interface PrintedTrack {
  readonly track: TrackId
  readonly name: string
  toSegment: ReturnType<typeof createSegmentMaker>
  readonly rate: TrackRate
  /** Printed segments. */
  text: Buffer[]
  bytes: number
  count: number
  /** Made, not printed yet: gaps that nothing has followed so far. */
  held: readonly MediaSegment[]
  /** The newest segments, enough for a delta update. */
  newest: MediaSegment[]
}

/** @param maxBytes of text kept, all assets together */
export function createReplayPlaylists(
  store: Pick<SegmentStore, 'index'>,
  maxBytes: number = limits.playlistBytes,
): ReplayPlaylists {
  const cache = new LRUCache<string, Printed>({
    ...{ max: 1_000, maxSize: maxBytes },
    // The cache drops what is larger than itself: each request of such a playlist would print it anew.
    sizeCalculation: (printed) => Math.min(maxBytes, sizeOf(printed)),
  })
  const inTurn = createAssetTurns()
  const upToDate = (assetId: string) => inTurn(assetId, () => update(assetId))

  async function update(assetId: string): Promise<UpToDate | undefined> {
    // Not before its turn: the lists of an index lose their front while it waits, what it says of that stays.
    const index = await store.index(assetId)
    if (index === undefined) return undefined
    const firstMsn = firstMsnOf(index)
    let printed = cache.get(index.assetId)
    const isOther =
      printed !== undefined &&
      (printed.removed !== index.removed.segments ||
        (printed.firstMsn ?? firstMsn) !== firstMsn ||
        printed.tracks.size !== index.tracks.length)
    if (printed === undefined || isOther) {
      const removed = index.removed.segments
      const reader = createRowReader(index.removed)
      printed = { version: -1, firstMsn, removed, reader, tracks: new Map(), answers: new Map() }
    }
    if (printed.version >= index.version) return { index, printed }
    for (const track of index.tracks) {
      if (printed.tracks.has(track.track)) continue
      const toSegment = createSegmentMaker(index, track)
      const name = renditionName(track.track, track.kind)
      const empty = { text: [], bytes: 0, count: 0, held: [], newest: [], rate: createRate() }
      printed.tracks.set(track.track, { track: track.track, name, toSegment, ...empty })
    }
    for (;;) {
      const rows = printed.reader.next(index, limits.rowsPerTurn)
      if (rows === undefined) break
      for (const [place, track] of index.tracks.entries()) {
        const own = printed.tracks.get(track.track)
        if (own === undefined || rows.length === 0) continue
        for (const row of rows) {
          const segment = row.segments[place]
          if (segment !== undefined) addToRate(own.rate, segment, index.timing.targetDuration)
        }
        append(own, index, rows.flatMap(own.toSegment))
      }
      if (rows.length >= limits.rowsPerTurn / 2) await turn()
    }
    // Retention removed the front while it was read.
    if (firstMsnOf(index) !== firstMsn) {
      cache.delete(index.assetId)
      return update(assetId)
    }
    printed.version = index.version
    printed.answers.clear()
    keep(index.assetId, printed)
    return { index, printed }
  }

  /** The cache measures what is new to it, not what has grown since. */
  function keep(assetId: string, printed: Printed): void {
    cache.delete(assetId)
    cache.set(assetId, printed)
  }

  function remember(assetId: string, printed: Printed, key: string, text: readonly Buffer[]): RenderedText {
    const playlist = rendered(Buffer.concat(text))
    printed.answers.set(key, playlist)
    if (cache.peek(assetId) === printed) keep(assetId, printed)
    return playlist
  }

  return {
    async multivariant(assetId) {
      const found = await upToDate(assetId)
      if (found === undefined) return undefined
      const { index, printed } = found
      const known = printed.answers.get('multivariant')
      if (known !== undefined) return known
      const rates = new Map([...printed.tracks].map(([track, { rate }]) => [track, rate]))
      const playlist = replayMultivariant(index, rates)
      if (playlist.variants.length === 0) return undefined
      return remember(assetId, printed, 'multivariant', [Buffer.from(printMultivariant(playlist))])
    },

    async media(assetId, rendition, skip) {
      const found = await upToDate(assetId)
      if (found === undefined) return undefined
      const { index, printed } = found
      const track = [...printed.tracks.values()].find(({ name }) => name === rendition)
      if (track === undefined || track.count === 0) return undefined
      const durations = track.newest.map((segment) => segment.duration)
      const kept = segmentsKept(durations, index.timing.targetDuration)
      const isDelta = skip && !index.ended && kept < track.newest.length
      const key = `${rendition} ${isDelta} ${index.ended}`
      const known = printed.answers.get(key)
      if (known !== undefined) return known
      if (isDelta) {
        const playlist = replayPlaylistOf(index, track.track, track.newest.slice(-kept), track.count - kept)
        return remember(assetId, printed, key, [Buffer.from(printMediaPlaylist(playlist))])
      }
      const head = printMediaPlaylist({ ...replayPlaylistOf(index, track.track, []), endList: false })
      return remember(assetId, printed, key, [
        Buffer.from(head),
        ...track.text,
        Buffer.from(index.ended ? '#EXT-X-ENDLIST\n' : ''),
      ])
    },
  }
}

/** Prints segments and keeps their text: what a playlist has in front of them is cut off. */
function append(track: PrintedTrack, index: AssetIndex, made: readonly MediaSegment[]): void {
  const all = [...track.held, ...made]
  const segments = withoutTail(all)
  track.held = all.slice(segments.length)
  if (segments.length === 0) return
  const head = printMediaPlaylist({ ...replayPlaylistOf(index, track.track, []), endList: false })
  const whole = printMediaPlaylist({ ...replayPlaylistOf(index, track.track, segments), endList: false })
  const text = Buffer.from(whole.slice(head.length))
  track.text.push(text)
  // Reloads of a running broadcast add one segment each.
  if (track.text.length > 100) track.text = [Buffer.concat(track.text)]
  track.bytes += text.byteLength
  track.count += segments.length
  track.newest = [...track.newest, ...segments].slice(-newestKept(index))
}

/**
 * Segments are rarely shorter than a second. One that touches the boundary is kept, and one more tells that something can be
 * skipped.
 */
function newestKept(index: AssetIndex): number {
  return SKIP_TARGETS * index.timing.targetDuration + 2
}

function sizeOf({ tracks, answers }: Printed): number {
  let bytes = 10_000
  for (const track of tracks.values()) bytes += track.bytes
  // As they are and compressed, which is less than half of it.
  for (const { plain } of answers.values()) bytes += 1.5 * plain.byteLength
  return Math.ceil(bytes)
}
