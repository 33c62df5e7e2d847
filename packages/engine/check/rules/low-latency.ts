import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { Observation, RenditionWatch, Snapshot } from '../observation.ts'
import { resolveUri } from '../resolve.ts'
import { bis, type Rule } from '../rule.ts'
import { comparePositions, durationOf, entriesOf, nextPosition } from '../timeline.ts'
import { maxAge, readings, shortUrl } from './read.ts'

/** Delivery directives, hints, reports (RFC 8216bis §6.2.5, Appendix B.1). */
export const lowLatencyRules: readonly Rule[] = [
  {
    id: 'blocking-not-held',
    level: 'error',
    source: bis('§6.2.5.2'),
    title: 'a blocking answer contains the segment or part that was asked for',
    check(o, report) {
      eachBlocking(o, (s, _w, asked) => {
        if (s.playlist.endList) return
        const next = nextPosition(s.playlist)
        // The next position after what was asked for.
        const wanted =
          asked.part === undefined ? { msn: asked.msn + 1, part: 0 } : { msn: asked.msn, part: asked.part + 1 }
        const parts = entriesOf(s.playlist).find((e) => e.msn === asked.msn && e.segment !== undefined)?.parts.length
        // A part past the last of its segment stands for the first one of the next.
        if (asked.part !== undefined && parts !== undefined && parts > 0 && asked.part >= parts)
          Object.assign(wanted, { msn: asked.msn + 1, part: 1 })
        if (comparePositions(next, wanted) < 0) report(`${shortUrl(s.fetched.url)} gave up to ${next.msn}.${next.part}`)
      })
    },
  },
  {
    id: 'blocking-slow',
    level: 'warning',
    source: bis('§6.2.5.2'),
    title: 'a blocking answer should come within three target durations, if only as 503',
    check(o, report) {
      eachBlocking(o, (s) => {
        const seconds = (s.fetched.endedAt - s.fetched.startedAt) / 1000
        if (seconds > 3 * s.playlist.targetDuration + 0.5) report(`${shortUrl(s.fetched.url)}: ${seconds.toFixed(1)} s`)
      })
    },
  },
  {
    id: 'far-future-accepted',
    level: 'warning',
    source: bis('§6.2.5.2'),
    title: 'a request for a segment far in the future should be refused, for example with 400',
    check(o, report) {
      const status = o.probes.farFuture?.status
      if (status !== undefined && !isRefusal(status)) report(`answered ${status === 0 ? 'not at all' : status}`)
    },
  },
  {
    id: 'part-without-segment-accepted',
    level: 'error',
    source: bis('§6.2.5.2'),
    title: '_HLS_part without _HLS_msn is refused, for example with 400',
    check(o, report) {
      const status = o.probes.partWithoutMsn?.status
      if (status !== undefined && !isRefusal(status)) report(`answered ${status === 0 ? 'not at all' : status}`)
    },
  },
  {
    id: 'delta-inconsistent',
    level: 'error',
    source: `${bis('§6.2.5.1')}; hls.js 6949, 7554`,
    title: 'a delta update agrees with the full playlist',
    check(o, report) {
      eachDelta(o, (full, delta, w) => {
        const [f, d] = [full.playlist, delta.playlist]
        if (d.targetDuration !== f.targetDuration || d.partTarget !== f.partTarget)
          report(`${shortUrl(w.url)}: constants`)
        if (d.mediaSequence < f.mediaSequence) report(`${shortUrl(w.url)}: media sequence falls`)
        // It counts from the first segment, skipped or not, like the full one's.
        const skippedTags = entriesOf(f).filter((e) => e.msn < d.mediaSequence + (d.skippedSegments ?? 0))
        const offset = (skippedTags.at(-1)?.discontinuity ?? f.discontinuitySequence) - d.discontinuitySequence
        const known = new Map(entriesOf(f).map((e) => [e.msn, e]))
        for (const e of entriesOf(d)) {
          const same = known.get(e.msn)
          if (same === undefined) continue
          const where = `${shortUrl(w.url)} segment ${e.msn}`
          if (same.segment !== undefined && e.segment?.uri !== same.segment.uri) report(`${where}: another URI`)
          if (same.segment?.duration !== e.segment?.duration && same.segment !== undefined) report(`${where}: duration`)
          if (same.segment?.discontinuity === true && e.segment?.discontinuity !== true)
            report(`${where}: discontinuity lost`)
          if (d.skippedSegments !== undefined && e.discontinuity + offset !== same.discontinuity) {
            report(`${where}: discontinuity number ${e.discontinuity + offset} instead of ${same.discontinuity}`)
          }
        }
      })
    },
  },
  {
    id: 'delta-not-given',
    level: 'error',
    source: bis('§6.2.5.1'),
    title: 'a server that declares CAN-SKIP-UNTIL answers _HLS_skip=YES with a delta update',
    check(o, report) {
      eachDelta(o, (full, delta, w) => {
        const until = full.playlist.serverControl?.canSkipUntil ?? Number.POSITIVE_INFINITY
        const older = durationOf(full.playlist) - until
        // Something of a segment or two must be there to skip.
        if (delta.playlist.skippedSegments === undefined && older > 2 * full.playlist.targetDuration)
          report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'delta-skips-too-much',
    level: 'error',
    source: bis('§6.2.5.1'),
    title: 'only segments further from the end than CAN-SKIP-UNTIL are skipped',
    check(o, report) {
      eachDelta(o, (_full, delta, w) => {
        const p = delta.playlist
        const until = p.serverControl?.canSkipUntil
        if (until === undefined || p.skippedSegments === undefined) return
        // The segment that the boundary falls within may count as beyond it.
        const kept = durationOf(p)
        if (kept < until - p.targetDuration - 0.01)
          report(`${shortUrl(w.url)}: only ${kept.toFixed(2)} s are left of ${until}`)
      })
    },
  },
  {
    id: 'hint-broken',
    // A MUST, but for hints that a change of plan has made void.
    level: 'warning',
    source: bis('§4.4.5.3, §6.2.6'),
    title: 'a preload hint comes true: the next part has its URI',
    check(o, report) {
      for (const w of o.renditions) {
        const all = readings(w)
        all.forEach((s, i) => {
          const hint = s.playlist.preloadHint
          const after = all[i + 1]?.playlist
          if (hint?.type !== 'PART' || hint.byteRangeStart !== undefined || after === undefined || after.endList) return
          const at = nextPosition(s.playlist)
          const entries = new Map(entriesOf(after).map((e) => [e.msn, e]))
          // A segment that closed without further parts makes it the first part of the next one.
          const part = entries.get(at.msn)?.parts[at.part] ?? entries.get(at.msn + 1)?.parts[0]
          if (part !== undefined && part.uri !== hint.uri) report(`${shortUrl(w.url)}: ${hint.uri} became ${part.uri}`)
        })
      }
    },
  },
  {
    id: 'hint-not-served',
    level: 'warning',
    source: bis('§6.2.6'),
    title: 'a hinted part is held until it is there and then sent',
    check(o, report) {
      for (const w of o.renditions) {
        for (const { hinted, fetched } of w.objects.values()) {
          if (hinted && fetched.status !== 200) report(`${shortUrl(fetched.url)}: ${fetched.status || fetched.failure}`)
        }
      }
    },
  },
  {
    id: 'rendition-report-wrong',
    level: 'error',
    source: bis('§4.4.5.4'),
    title: 'a rendition report says where the other rendition is',
    check(o, report) {
      for (const w of o.renditions) {
        for (const s of readings(w)) {
          for (const r of s.playlist.renditionReports) {
            const other = o.renditions.find((x) => new URL(x.url).pathname === resolveUri(r.uri, w.url).pathname)
            if (other === undefined) continue
            const own = lastPosition(s.playlist)
            const said = { msn: r.lastMsn ?? own.msn, part: r.lastPart ?? own.part }
            const where = `${shortUrl(w.url)} on ${shortUrl(other.url)}: ${said.msn}.${said.part}`
            const later = readings(other).find((x) => x.fetched.startedAt >= s.fetched.endedAt)
            const earlier = readings(other).findLast((x) => x.fetched.endedAt <= s.fetched.startedAt)
            if (later !== undefined && comparePositions(said, nextPosition(later.playlist)) > 0) {
              report(`${where} is ahead of what is listed later`)
            }
            // Two segments are more than any cut that is still to come on the other side.
            if (earlier !== undefined && said.msn < nextPosition(earlier.playlist).msn - 2) report(`${where} is behind`)
          }
        }
      }
    },
  },
  {
    id: 'blocking-answer-cached-briefly',
    level: 'warning',
    source: bis('Appendix B.1'),
    title: 'a blocking answer should be cached for six target durations: it never changes',
    check(o, report) {
      eachBlocking(o, (s, w) => {
        const age = maxAge(s.fetched.headers)
        if (s.fetched.status !== 200 || s.playlist.endList) return
        if (age === undefined || age < 6 * s.playlist.targetDuration)
          report(`${shortUrl(w.url)}: ${age === undefined ? 'no Cache-Control' : `for ${age} s`}`)
      })
    },
  },
]

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500
}

/** The last segment or part listed: what a report leaves out where it is the same (§4.4.5.4). */
function lastPosition(p: MediaPlaylist): { readonly msn: number; readonly part: number } {
  const last = entriesOf(p).at(-1)
  return { msn: last?.msn ?? p.mediaSequence, part: Math.max(0, (last?.parts.length ?? 0) - 1) }
}

function eachBlocking(
  o: Observation,
  f: (s: Snapshot, w: RenditionWatch, asked: { readonly msn: number; readonly part?: number }) => void,
): void {
  for (const w of o.renditions) {
    for (const s of readings(w)) {
      const { msn, part } = s.directives
      if (msn !== undefined) f(s, w, { msn, ...(part !== undefined && { part }) })
    }
  }
}

function eachDelta(o: Observation, f: (full: Snapshot, delta: Snapshot, w: RenditionWatch) => void): void {
  for (const w of o.renditions) for (const { full, delta } of w.deltas) f(full, delta, w)
}
