import type { InitTrack } from '@bandstand/media/containers/isobmff/parse.ts'
import type { Observation, RenditionWatch } from '../observation.ts'
import { resolveUri } from '../resolve.ts'
import { bis, type Rule } from '../rule.ts'
import { keyOf } from '../watch.ts'
import { eachReading, type Listed, listedParts, listedSegments, readings, shortUrl } from './read.ts'

/** What is in the media, against what the playlists say of it. */
export const byteRules: readonly Rule[] = [
  {
    id: 'bytes-changed',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'a URI never changes its bytes',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { key, digest, fetched } of w.again) {
          if (w.objects.get(key)?.digest !== digest) report(`${shortUrl(fetched.url)}: ${fetched.status}`)
        }
      }
    },
  },
  {
    id: 'media-unreadable',
    level: 'error',
    source: 'ISO/IEC 14496-12 §8.8; ISO/IEC 23000-19 §7.3',
    title: 'fragmented MP4 can be read: moof with tfdt and trun, samples within the bytes',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { unreadable, fetched } of w.objects.values()) {
          if (unreadable !== undefined) report(`${shortUrl(fetched.url)}: ${unreadable}`)
        }
      }
    },
  },
  {
    id: 'map-missing',
    level: 'error',
    source: bis('§3.1.2, §4.4.4.5'),
    title: 'EXT-X-MAP comes before the first fragmented MP4 segment',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { object, entry, name } of [...listedSegments(w), ...listedParts(w)]) {
          if (object?.fragmented === true && entry.map === undefined) report(`${shortUrl(w.url)} ${name}`)
        }
      }
    },
  },
  {
    id: 'segment-duration-wrong',
    level: 'error',
    source: bis('§4.4.4.1'),
    title: 'EXTINF is the duration of the samples',
    check(o, report) {
      for (const w of o.renditions) for (const l of listedSegments(w)) compareDuration(l, 0.05, report)
    },
  },
  {
    id: 'part-duration-wrong',
    level: 'error',
    source: bis('§4.4.4.9'),
    title: 'DURATION of a part is the duration of its samples',
    check(o, report) {
      for (const w of o.renditions) for (const l of listedParts(w)) compareDuration(l, 0.02, report)
    },
  },
  {
    id: 'decode-time-gap',
    level: 'error',
    source: 'ISO/IEC 23000-19 §7.3.2; RFC 8216bis §6.2.1',
    title: 'decode times go on without a hole or overlap until a discontinuity',
    check(o, report) {
      for (const w of o.renditions) {
        eachNeighbour(w, (a, b) => {
          if (a.entry.discontinuity !== b.entry.discontinuity) return
          const [x, y] = [a.object?.times, b.object?.times]
          if (x === undefined || y === undefined) return
          const off = y.start - (x.start + x.duration)
          if (Math.abs(off) > 0.01) report(`${shortUrl(w.url)} ${b.name}: ${off.toFixed(4)} s`)
        })
      }
    },
  },
  {
    id: 'discontinuity-missing',
    level: 'error',
    source: bis('§4.4.4.3'),
    title: 'EXT-X-DISCONTINUITY stands where the codec, the tracks or their timescale change',
    check(o, report) {
      for (const w of o.renditions) {
        eachNeighbour(w, (a, b) => {
          if (a.entry.discontinuity !== b.entry.discontinuity) return
          const [x, y] = [tracksOf(w, a), tracksOf(w, b)]
          if (x === undefined || y === undefined || a.entry.map?.uri === b.entry.map?.uri) return
          if (describe(x) !== describe(y)) report(`${shortUrl(w.url)} ${b.name}: ${describe(x)} → ${describe(y)}`)
        })
      }
    },
  },
  {
    id: 'independent-wrong',
    level: 'error',
    source: bis('§4.4.4.9'),
    title: 'a part with INDEPENDENT=YES starts with a sync sample',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { independent, object, name } of listedParts(w)) {
          if (independent === true && object?.times?.startsWithKey === false) report(`${shortUrl(w.url)} ${name}`)
        }
      }
    },
  },
  {
    id: 'independent-unsaid',
    level: 'warning',
    source: bis('§4.4.4.9'),
    title: 'a part that starts with a sync sample says INDEPENDENT=YES, so that players join there',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { independent, object, name } of listedParts(w)) {
          if (independent === false && object?.times?.startsWithKey === true) report(`${shortUrl(w.url)} ${name}`)
        }
      }
    },
  },
  {
    id: 'independent-segments-wrong',
    level: 'error',
    source: bis('§4.4.2.1'),
    title: 'with EXT-X-INDEPENDENT-SEGMENTS every segment starts with a sync sample',
    check(o, report) {
      for (const w of o.renditions) {
        const declared =
          o.multivariant?.playlist.independentSegments === true ||
          readings(w).some((s) => s.playlist.independentSegments)
        if (!declared) continue
        for (const { object, name } of listedSegments(w)) {
          if (object?.times?.startsWithKey === false) report(`${shortUrl(w.url)} ${name}`)
        }
      }
    },
  },
  {
    id: 'parts-differ-from-segment',
    level: 'error',
    source: bis('§3.2, §4.4.4.9'),
    title: 'a segment starts and lasts as its parts together',
    check(o, report) {
      for (const w of o.renditions) {
        const parts = Map.groupBy(listedParts(w), (l) => l.entry.msn)
        eachReading(o, (p, watch) => {
          if (watch !== w) return
          p.segments.forEach((segment, i) => {
            const msn = p.mediaSequence + (p.skippedSegments ?? 0) + i
            const own = parts.get(msn) ?? []
            const whole = w.objects.get(keyOf(w.url, segment.uri, segment.byteRange))?.times
            if (whole === undefined || segment.parts.length === 0 || own.length !== segment.parts.length) return
            const times = own.flatMap((l) => l.object?.times ?? [])
            if (times.length !== own.length) return
            const sum = times.reduce((total, t) => total + t.duration, 0)
            if (Math.abs(sum - whole.duration) > 0.001 || Math.abs((times[0]?.start ?? 0) - whole.start) > 0.001) {
              report(`${shortUrl(w.url)} segment ${msn}`)
            }
          })
        })
      }
    },
  },
  {
    id: 'codecs-wrong',
    level: 'error',
    source: bis('§4.4.6.2'),
    title: 'CODECS of a variant names what its initialisation segments hold',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        if (v.codecs === undefined) continue
        const declared = v.codecs.map((c) => c.toLowerCase())
        for (const w of renditionsOf(o, v)) {
          for (const { init } of w.objects.values()) {
            for (const codec of init?.tracks.flatMap((t) => t.entries.map((e) => e.codecString)) ?? []) {
              if (!declared.includes(codec.toLowerCase())) report(`${v.uri}: ${codec} is not in ${v.codecs.join(',')}`)
            }
          }
        }
      }
    },
  },
  {
    id: 'resolution-wrong',
    level: 'warning',
    source: bis('§4.4.6.2'),
    title: 'RESOLUTION of a variant is that of its video',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        const w = o.renditions.find((x) => x.url === resolveUri(v.uri, o.top.url).href)
        if (w === undefined || v.resolution === undefined) continue
        const sizes = [...w.objects.values()].flatMap((object) => object.init?.tracks.flatMap((t) => t.entries) ?? [])
        for (const { width, height } of sizes) {
          if (width === undefined || height === undefined || sizes.some((s) => s.width === v.resolution?.width))
            continue
          report(`${v.uri}: ${v.resolution.width}x${v.resolution.height}, video ${width}x${height}`)
        }
      }
    },
  },
  {
    id: 'bandwidth-exceeded',
    level: 'error',
    source: bis('§4.4.6.2'),
    title: 'no stretch of segments exceeds BANDWIDTH',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        const peak = renditionsOf(o, v).reduce((sum, w) => sum + peakBitrate(w), 0)
        // A tenth of slack: peaks are declared from what was measured so far.
        if (peak > v.bandwidth * 1.1) report(`${v.uri}: peak ${Math.round(peak)} bit/s, declared ${v.bandwidth}`)
      }
    },
  },
]

function compareDuration(l: Listed, slack: number, report: (message: string) => void): void {
  const real = l.object?.times?.duration
  if (real !== undefined && Math.abs(real - l.duration) > slack) {
    report(`${l.name} (${l.uri}): says ${l.duration} s, holds ${real.toFixed(4)} s`)
  }
}

/** Consecutive parts, and consecutive segments. */
function eachNeighbour(w: RenditionWatch, f: (a: Listed, b: Listed) => void): void {
  for (const list of [listedSegments(w), listedParts(w)]) {
    list.forEach((b, i) => {
      const a = list[i - 1]
      if (a === undefined) return
      const follows =
        b.part === undefined || b.part === 0
          ? b.entry.msn === a.entry.msn + 1
          : b.entry.msn === a.entry.msn && b.part === (a.part ?? 0) + 1
      // Parts that were never all seen (listed before the check began) have no neighbour.
      if (follows) f(a, b)
    })
  }
}

function tracksOf(w: RenditionWatch, l: Listed): readonly InitTrack[] | undefined {
  const { map } = l.entry
  return map === undefined ? undefined : w.objects.get(keyOf(w.url, map.uri, map.byteRange))?.init?.tracks
}

function describe(tracks: readonly InitTrack[]): string {
  return tracks
    .map((t) => {
      const [e] = t.entries
      return `${t.track} ${e?.codecString} ${e?.width ?? e?.channels}x${e?.height ?? e?.sampleRate}@${t.timescale}`
    })
    .join('+')
}

/** The variant's own playlist and, where audio is apart, that of its group. */
function renditionsOf(o: Observation, v: { readonly uri: string; readonly audio?: string }): readonly RenditionWatch[] {
  const uris = [v.uri]
  const group = o.multivariant?.playlist.renditions.filter((r) => r.type === 'AUDIO' && r.groupId === v.audio) ?? []
  const audio = group.find((r) => r.default) ?? group[0]
  if (audio?.uri !== undefined) uris.push(audio.uri)
  const urls = new Set(uris.map((uri) => resolveUri(uri, o.top.url).href))
  return o.renditions.filter((w) => urls.has(w.url))
}

/** Highest bitrate of a stretch of segments between 0.5 and 1.5 target durations long (§4.1), bits a second. */
function peakBitrate(w: RenditionWatch): number {
  const target = readings(w)[0]?.playlist.targetDuration ?? 0
  const list = listedSegments(w).filter((l) => l.object?.fetched.status === 200)
  let peak = 0
  list.forEach((_, from) => {
    let bytes = 0
    let seconds = 0
    for (const l of list.slice(from)) {
      bytes += l.object?.fetched.size ?? 0
      seconds += l.duration
      if (seconds > 1.5 * target) break
      if (seconds >= 0.5 * target) peak = Math.max(peak, (bytes * 8) / seconds)
    }
  })
  return peak
}
