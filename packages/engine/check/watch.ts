import type { ByteRange, MediaMap, MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { Ask } from './client.ts'
import { type Limits, limits } from './limits.ts'
import { readMediaObject } from './media-object.ts'
import type { Directives, MediaObject, Observation, RenditionWatch, Snapshot } from './observation.ts'
import { readPlaylist } from './read-playlist.ts'
import { resolveUri } from './resolve.ts'
import { entriesOf, nextPosition } from './timeline.ts'

export interface WatchContext {
  readonly ask: Ask
  now(): number
  sleep(ms: number): Promise<void>
  /** Milliseconds of the clock. */
  readonly until: number
  readonly observation: Observation
  readonly limits: Limits
  /** Bytes of media that may still be read. */
  budget: number
}

/** One reading of a media playlist; its playlist is `unread` when there is no answer that can be read as one. */
export async function readSnapshot(ctx: WatchContext, url: string, directives: Directives): Promise<Snapshot> {
  const target = new URL(url)
  if (directives.msn !== undefined) target.searchParams.set('_HLS_msn', String(directives.msn))
  if (directives.part !== undefined) target.searchParams.set('_HLS_part', String(directives.part))
  if (directives.skip === true) target.searchParams.set('_HLS_skip', 'YES')
  const answer = await ctx.ask(target.href, { timeout: limits.request + 30_000 })
  const { parsed, unreadable, notUtf8 } = readPlaylist(answer)
  // Of thousands of readings only what was read is kept.
  const fetched = { ...answer, body: new Uint8Array() }
  if (parsed?.kind === 'media') {
    const { playlist, issues, encrypted } = parsed
    return { fetched, directives, playlist, issues, encrypted }
  }
  const nothing = { fetched, directives, playlist: unread, issues: [], encrypted: false }
  return { ...nothing, ...(unreadable !== undefined && { unreadable }), ...(notUtf8 === true && { notUtf8 }) }
}

/** Stands for a playlist that could not be had; compare by identity. */
export const unread: MediaPlaylist = {
  version: 1,
  targetDuration: 0,
  mediaSequence: 0,
  discontinuitySequence: 0,
  independentSegments: false,
  iFramesOnly: false,
  segments: [],
  trailingParts: [],
  renditionReports: [],
  endList: false,
}

/** Follows a rendition as a player does, until the time is over or the playlist ends, and reads all media that appears. */
export async function watchRendition(ctx: WatchContext, watch: RenditionWatch): Promise<void> {
  const media = createMediaReader(ctx, watch)
  let last: MediaPlaylist | undefined
  let failures = 0
  let hints = 0
  const begun = ctx.now()
  for (let count = 0; ; count++) {
    if (count >= ctx.limits.snapshots) {
      const seconds = Math.round((ctx.now() - begun) / 1000)
      ctx.observation.truncated.add(`only ${ctx.limits.snapshots} readings of a playlist are kept: ${seconds} s`)
      break
    }
    const blocking = last?.serverControl?.canBlockReload === true
    const snapshot = await readSnapshot(ctx, watch.url, last !== undefined && blocking ? directivesAfter(last) : {})
    watch.snapshots.push(snapshot)
    if (snapshot.playlist === unread) {
      if (++failures >= 3 || ctx.now() >= ctx.until) break
      await ctx.sleep(1_000)
      last = undefined
      continue
    }
    const changed = last === undefined || !samePosition(last, snapshot.playlist)
    last = snapshot.playlist
    media.collect(snapshot)
    if (last.preloadHint?.type === 'PART' && last.preloadHint.byteRangeStart === undefined && hints < 3 && count > 0) {
      hints++
      media.read('part', last.preloadHint.uri, undefined, entriesOf(last).at(-1)?.map, true)
    }
    if (last.serverControl?.canSkipUntil !== undefined && count % 8 === 2) {
      const delta = await readSnapshot(ctx, watch.url, { ...snapshot.directives, skip: true })
      if (delta.playlist !== unread) watch.deltas.push({ full: snapshot, delta })
    }
    if (last.endList || ctx.now() >= ctx.until) break
    if (last.serverControl?.canBlockReload !== true) {
      // RFC 8216bis §6.3.4: the target duration after a change, half of it after none.
      await ctx.sleep(Math.max(500, last.targetDuration * (changed ? 1_000 : 500)))
    } else if (!changed && blocking) {
      await ctx.sleep(500)
    }
  }
  await media.done()
  await readAgain(ctx, watch)
}

function directivesAfter(p: MediaPlaylist): Directives {
  const next = nextPosition(p)
  return p.partTarget === undefined ? { msn: next.msn } : next
}

function samePosition(a: MediaPlaylist, b: MediaPlaylist): boolean {
  const [x, y] = [nextPosition(a), nextPosition(b)]
  return x.msn === y.msn && x.part === y.part && a.endList === b.endList
}

/** Reads each media object once, in order of appearance, beside the reloading. */
function createMediaReader(ctx: WatchContext, watch: RenditionWatch) {
  let queue: Promise<unknown> = Promise.resolve()
  const waiting: Promise<unknown>[] = []
  const asked = new Set<string>()

  async function readNow(
    kind: MediaObject['kind'],
    uri: string,
    range: ByteRange | undefined,
    map: MediaMap | undefined,
    hinted: boolean,
  ): Promise<void> {
    const key = keyOf(watch.url, uri, range)
    const mapKey = map === undefined ? undefined : keyOf(watch.url, map.uri, map.byteRange)
    const { truncated } = ctx.observation
    const full = watch.objects.size >= ctx.limits.objects
    if (ctx.budget <= 0) truncated.add(`only ${ctx.limits.media} bytes of media are read`)
    if (full) truncated.add(`only ${ctx.limits.objects} media files of a playlist are read`)
    if (ctx.budget <= 0 || full) return
    const headers: Record<string, string> = range === undefined ? {} : { range: rangeHeader(range) }
    const fetched = await ctx.ask(key.split('#')[0] ?? key, { headers })
    ctx.budget -= fetched.size
    const init = mapKey === undefined ? undefined : watch.objects.get(mapKey)?.init
    watch.objects.set(key, readMediaObject(fetched, { kind, key, hinted, ...(init !== undefined && { init }) }))
  }

  function read(
    kind: MediaObject['kind'],
    uri: string,
    range: ByteRange | undefined,
    map: MediaMap | undefined,
    hinted = false,
  ): void {
    // A range that goes on where the one before ended would need all ranges before it: left out.
    if (range !== undefined && range.start === undefined) return
    const key = keyOf(watch.url, uri, range)
    if (asked.has(key)) return
    asked.add(key)
    if (map !== undefined) read('init', map.uri, map.byteRange, undefined)
    // A hinted part is held by the server until it is ready: it must not hold up what is listed already.
    if (hinted) waiting.push(queue.then(() => readNow(kind, uri, range, map, hinted)))
    else queue = queue.then(() => readNow(kind, uri, range, map, hinted))
  }

  return {
    read,
    collect(snapshot: Snapshot): void {
      if (snapshot.encrypted) return
      const entries = entriesOf(snapshot.playlist)
      // Of what was listed before the check began only the newest segments are read.
      for (const entry of entries.slice(watch.snapshots.length === 1 ? -4 : -6)) {
        for (const part of entry.parts) if (!part.gap) read('part', part.uri, part.byteRange, entry.map)
        const { segment } = entry
        if (segment !== undefined && !segment.gap) read('segment', segment.uri, segment.byteRange, entry.map)
      }
    },
    async done(): Promise<void> {
      await queue
      await Promise.all(waiting)
    },
  }
}

/** Reads some objects a second time: a URI never changes its bytes. */
async function readAgain(ctx: WatchContext, watch: RenditionWatch): Promise<void> {
  const last = watch.snapshots.findLast((s) => s.playlist !== unread)
  if (last === undefined || last.encrypted) return
  const uris = entriesOf(last.playlist)
    .slice(-4)
    .flatMap((e) => [e.map, e.segment?.gap === false ? e.segment : undefined, ...e.parts.slice(0, 1)])
  const keys = new Set(uris.flatMap((u) => (u === undefined ? [] : [keyOf(watch.url, u.uri, u.byteRange)])))
  for (const key of keys) {
    const first = watch.objects.get(key)
    if (first === undefined || first.digest === '') continue
    const [url = key, span] = key.split('#')
    const fetched = await ctx.ask(url, { headers: span === undefined ? {} : { range: `bytes=${span}` } })
    watch.again.push(readMediaObject(fetched, { kind: first.kind, key, hinted: false }))
  }
}

/** Names a resource or a range of it. */
export function keyOf(base: string, uri: string, range: ByteRange | undefined): string {
  const url = resolveUri(uri, base)
  url.hash = ''
  if (range === undefined) return url.href
  const start = range.start ?? 0
  return `${url.href}#${start}-${start + range.length - 1}`
}

function rangeHeader(range: ByteRange): string {
  const start = range.start ?? 0
  return `bytes=${start}-${start + range.length - 1}`
}
