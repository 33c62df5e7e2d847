import type { Observation, RenditionWatch } from '../observation.ts'
import { resolveUri } from '../resolve.ts'
import { apple, bis, type Rule } from '../rule.ts'
import { listedSegments, readings } from './read.ts'

/** What the multivariant playlist declares of its variants, against their media. */
export const declaredRules: readonly Rule[] = [
  {
    id: 'codecs-wrong',
    level: 'error',
    source: bis('§6.2.4'),
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
          if (width === undefined || height === undefined) continue
          const { resolution } = v
          if (sizes.some((s) => s.width === resolution.width && s.height === resolution.height)) continue
          report(`${v.uri}: ${v.resolution.width}x${v.resolution.height}, video ${width}x${height}`)
        }
      }
    },
  },
  {
    id: 'bandwidth-exceeded',
    level: 'error',
    source: `${bis('§4.4.6.2')}; ${apple('1.27, 1.29')}`,
    title: 'BANDWIDTH covers the peak of the segments, within 25 % while live and 10 % after',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        const watched = renditionsOf(o, v)
        const peak = watched.reduce((sum, w) => sum + peakBitrate(w), 0)
        const live = watched.some((w) => readings(w).at(-1)?.playlist.endList === false)
        if (peak > v.bandwidth * (live ? 1.25 : 1.1)) {
          report(`${v.uri}: peak ${Math.round(peak)} bit/s, declared ${v.bandwidth}`)
        }
      }
    },
  },
]

/** The variant's own playlist and, where audio is apart, that of its group. */
function renditionsOf(o: Observation, v: { readonly uri: string; readonly audio?: string }): readonly RenditionWatch[] {
  const uris = [v.uri]
  const group = o.multivariant?.playlist.renditions.filter((r) => r.type === 'AUDIO' && r.groupId === v.audio) ?? []
  const audio = group.find((r) => r.default) ?? group[0]
  if (audio?.uri !== undefined) uris.push(audio.uri)
  const urls = new Set(uris.map((uri) => resolveUri(uri, o.top.url).href))
  return o.renditions.filter((w) => urls.has(w.url))
}

/** Highest bitrate of segments in a row that last 0.5 to 1.5 target durations and 0.5 s (§4.1), bits a second. */
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
      if (seconds > 1.5 * target + 0.5) break
      if (seconds >= 0.5 * target) peak = Math.max(peak, (bytes * 8) / seconds)
    }
  })
  return peak
}
