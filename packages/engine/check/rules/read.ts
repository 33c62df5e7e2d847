import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { MediaObject, Observation, RenditionWatch, Snapshot } from '../observation.ts'
import { type Entry, entriesOf } from '../timeline.ts'
import { keyOf, unread } from '../watch.ts'

/** Readings that are playlists. */
export function readings(watch: RenditionWatch): Snapshot[] {
  return watch.snapshots.filter((s) => s.playlist !== unread)
}

/** Last path segments of a URL, enough to find it again. */
export function shortUrl(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname.split('/').slice(-2).join('/') + search
}

/** Calls `f` for every reading of every rendition. */
export function eachReading(o: Observation, f: (p: MediaPlaylist, watch: RenditionWatch, s: Snapshot) => void): void {
  for (const watch of o.renditions) for (const s of readings(watch)) f(s.playlist, watch, s)
}

/** Calls `f` for every reading and the one before it. */
export function eachPair(
  o: Observation,
  f: (before: MediaPlaylist, after: MediaPlaylist, watch: RenditionWatch, pair: readonly [Snapshot, Snapshot]) => void,
): void {
  for (const watch of o.renditions) {
    const all = readings(watch)
    all.forEach((after, i) => {
      const before = all[i - 1]
      if (before !== undefined) f(before.playlist, after.playlist, watch, [before, after])
    })
  }
}

/** Has parts or says that it will: the rules of low latency apply. */
export function isLowLatency(p: MediaPlaylist): boolean {
  return p.partTarget !== undefined && !p.endList
}

/** Lists at least one part. */
export function hasParts(p: MediaPlaylist): boolean {
  return p.trailingParts.length > 0 || p.segments.some((s) => s.parts.length > 0)
}

/** Every segment or part that was listed, once, in order, with the object that was read for it. */
export interface Listed {
  readonly entry: Entry
  readonly name: string
  readonly uri: string
  readonly duration: number
  readonly object: MediaObject | undefined
  /** Of its playlist. */
  readonly partTarget: number | undefined
  /** Seconds of it that are said not to be there: all of a part with GAP=YES, such parts of a segment. */
  readonly missing: number
  /** Position of a part in its segment. */
  readonly part?: number
  readonly independent?: boolean
}

/** Segments in the order of their numbers, as first listed. */
export function listedSegments(watch: RenditionWatch): Listed[] {
  const found = new Map<number, Listed>()
  for (const s of readings(watch)) {
    for (const entry of entriesOf(s.playlist)) {
      const { segment, msn } = entry
      if (segment === undefined || segment.gap || found.has(msn)) continue
      const object = watch.objects.get(keyOf(watch.url, segment.uri, segment.byteRange))
      const { uri, duration } = segment
      const missing = entry.parts.reduce((sum, part) => sum + (part.gap ? part.duration : 0), 0)
      const { partTarget } = s.playlist
      found.set(msn, { entry, name: `segment ${msn}`, uri, duration, object, partTarget, missing })
    }
  }
  return [...found.values()].sort((a, b) => a.entry.msn - b.entry.msn)
}

/** Parts in order, as first listed; without those that are gaps. */
export function listedParts(watch: RenditionWatch): Listed[] {
  return partsAndGaps(watch).filter(({ missing }) => missing === 0)
}

/** Parts in order, as first listed. */
export function partsAndGaps(watch: RenditionWatch): Listed[] {
  const found = new Map<string, Listed>()
  for (const s of readings(watch)) {
    for (const entry of entriesOf(s.playlist)) {
      entry.parts.forEach((part, index) => {
        const name = `part ${entry.msn}.${index}`
        if (found.has(name)) return
        const object = watch.objects.get(keyOf(watch.url, part.uri, part.byteRange))
        const { uri, duration, independent } = part
        const { partTarget } = s.playlist
        const missing = part.gap ? duration : 0
        found.set(name, { entry, name, uri, duration, object, partTarget, missing, part: index, independent })
      })
    }
  }
  return [...found.values()].sort((a, b) => a.entry.msn - b.entry.msn || (a.part ?? 0) - (b.part ?? 0))
}

/**
 * Seconds by which a part lasts longer than it may say: it is listed with PART-TARGET, the most there is (RFC 8216bis
 * §4.4.4.9), for one of its frames is longer than that, and a frame cannot be in two parts.
 */
export function beyondTarget({ part, object, duration, partTarget }: Listed): number {
  if (part === undefined || partTarget === undefined || object?.times === undefined) return 0
  const { longest, duration: real } = object.times
  return longest > partTarget && Math.abs(duration - partTarget) < 0.001 ? Math.max(0, real - duration) : 0
}

/**
 * Seconds that a shared cache may keep an answer (RFC 9111 §4.2.1): `s-maxage`, else `max-age`, else Expires; 0 for
 * `no-store` and `no-cache`, undefined where nothing is said.
 */
export function maxAge(headers: ReadonlyMap<string, string>): number | undefined {
  const value = headers.get('cache-control') ?? ''
  if (/no-store|no-cache/i.test(value)) return 0
  for (const name of ['s-maxage', 'max-age']) {
    const match = new RegExp(`(?:^|[\\s,])${name}=(\\d{1,10})`, 'i').exec(value)
    if (match !== null) return Number(match[1])
  }
  const [expires, date] = ['expires', 'date'].map((name) => Date.parse(headers.get(name) ?? ''))
  if (expires === undefined || date === undefined || Number.isNaN(expires - date)) return undefined
  return Math.max(0, (expires - date) / 1000)
}
