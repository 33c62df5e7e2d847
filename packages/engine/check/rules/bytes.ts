import type { InitTrack } from '@bandstand/media/containers/isobmff/parse-init.ts'
import type { MediaTimes, RenditionWatch } from '../observation.ts'
import { apple, bis, type Rule } from '../rule.ts'
import { keyOf } from '../watch.ts'
import {
  beyondTarget,
  eachReading,
  type Listed,
  listedParts,
  listedSegments,
  partsAndGaps,
  readings,
  shortUrl,
} from './read.ts'

/** What is in the media, against what the playlists say of it. */
export const byteRules: readonly Rule[] = [
  {
    id: 'bytes-changed',
    level: 'error',
    // Not in the draft, which takes it for granted: caches hand out what they have, so half the viewers get other media.
    source: 'RFC 9111 §4',
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
    source: `${bis('§3.1.2')}; ISO/IEC 14496-12 §8.8`,
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
    source: bis('§3.1.2'),
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
    source: bis('§3'),
    title: 'EXTINF is the duration of the samples',
    check(o, report) {
      // Half a second is what a whole number may be off.
      for (const w of o.renditions) for (const l of listedSegments(w)) compareDuration(l, 0.5, Infinity, report)
    },
  },
  {
    id: 'segment-duration-inaccurate',
    level: 'warning',
    source: `${bis('§4.4.4.1')}; ${apple('8.1')}`,
    title: 'EXTINF should be accurate, for players add it up',
    check(o, report) {
      for (const w of o.renditions) for (const l of listedSegments(w)) compareDuration(l, 0.05, 0.5, report)
    },
  },
  {
    id: 'part-duration-wrong',
    level: 'error',
    source: bis('§4.4.4.9'),
    title: 'DURATION of a part is the duration of its samples',
    check(o, report) {
      for (const w of o.renditions) for (const l of listedParts(w)) compareDuration(l, 0.02, Infinity, report)
    },
  },
  {
    id: 'frame-longer-than-part',
    // No DURATION would be right: the encoder sends too few frames, or paused.
    level: 'warning',
    source: bis('§4.4.4.9'),
    title: 'no frame lasts longer than PART-TARGET: its part cannot say how long it is',
    check(o, report) {
      for (const w of o.renditions) {
        for (const l of listedParts(w)) {
          if (beyondTarget(l) > 0.02) report(`${l.name} (${l.uri}): ${l.object?.times?.longest.toFixed(3)} s`)
        }
      }
    },
  },
  {
    id: 'decode-time-gap',
    level: 'error',
    source: `${bis('§3, §4.4.4.3')}; ${apple('7.3')}`,
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
    source: bis('§4.4.4.3, §6.2.1'),
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
    title: 'a part with INDEPENDENT=YES contains a sync sample',
    check: each(listedParts, (times, part) => part.independent === true && !times.containsKey),
  },
  {
    id: 'independent-late',
    level: 'warning',
    source: 'hls.js 7782',
    title: 'a part with INDEPENDENT=YES starts with its sync sample, for players begin there',
    check: each(listedParts, (times, part) => part.independent === true && times.containsKey && !times.startsWithKey),
  },
  {
    id: 'independent-unsaid',
    level: 'warning',
    source: bis('§4.4.4.9'),
    title: 'a part that starts with a sync sample should say INDEPENDENT=YES, so that players join there',
    check: each(listedParts, (times, part) => part.independent === false && times.startsWithKey),
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
    id: 'segment-without-key',
    level: 'warning',
    source: `${bis('§3, Appendix B.1')}; ${apple('1.13')}`,
    title: 'every segment should hold a key frame: set the encoder to one each 2 s',
    check: each(listedSegments, (times) => !times.containsKey),
  },
  {
    id: 'parts-differ-from-segment',
    level: 'error',
    source: bis('§3.2'),
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
]

/** Reports every part or segment that was read and is wrong. */
function each(
  list: (w: RenditionWatch) => readonly Listed[],
  wrong: (times: MediaTimes, listed: Listed) => boolean,
): Rule['check'] {
  return (o, report) => {
    for (const w of o.renditions) {
      for (const l of list(w)) {
        if (l.object?.times !== undefined && wrong(l.object.times, l)) report(`${shortUrl(w.url)} ${l.name}`)
      }
    }
  }
}

/** Reports what is wrong by more than `slack` seconds and at most `most`. */
function compareDuration(l: Listed, slack: number, most: number, report: (message: string) => void): void {
  const real = l.object?.times?.duration
  const off = real === undefined ? 0 : Math.abs(real - (l.duration - l.missing)) - beyondTarget(l)
  if (off > slack && off <= most) report(`${l.name} (${l.uri}): says ${l.duration} s, holds ${real?.toFixed(4)} s`)
}

/** Consecutive parts, and consecutive segments, where nothing is said to be missing in them or between them. */
function eachNeighbour(w: RenditionWatch, f: (a: Listed, b: Listed) => void): void {
  const unseen = unseenParts(w)
  for (const list of [listedSegments(w), partsAndGaps(w)]) {
    list.forEach((b, i) => {
      const a = list[i - 1]
      if (a === undefined || a.missing > 0 || b.missing > 0) return
      const follows =
        b.part === undefined || b.part === 0
          ? b.entry.msn === a.entry.msn + 1 && !(a.part !== undefined && unseen.has(a.entry.msn))
          : b.entry.msn === a.entry.msn && b.part === (a.part ?? 0) + 1
      // Parts that were never all seen (listed before the check began, or while it was kept from reading) have no neighbour.
      if (follows) f(a, b)
    })
  }
}

/** Numbers of segments of which fewer parts were seen than they are long. */
function unseenParts(w: RenditionWatch): ReadonlySet<number> {
  const seen = new Map<number, number>()
  for (const { entry, duration } of partsAndGaps(w)) seen.set(entry.msn, (seen.get(entry.msn) ?? 0) + duration)
  const short = listedSegments(w).filter(({ entry, duration, partTarget = 0 }) => {
    const parts = seen.get(entry.msn)
    return parts !== undefined && parts < duration - partTarget / 2
  })
  return new Set(short.map(({ entry }) => entry.msn))
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
