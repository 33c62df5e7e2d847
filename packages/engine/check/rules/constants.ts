import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { Observation, RenditionWatch } from '../observation.ts'
import { resolveUri } from '../resolve.ts'
import { apple, bis, type Rule } from '../rule.ts'
import { durationOf, entriesOf } from '../timeline.ts'
import { beyondTarget, eachReading, hasParts, isLowLatency, listedParts, listedSegments, shortUrl } from './read.ts'

/** Slack for figures printed with few digits, in seconds. */
const rounding = 0.0011

/** Declared values and structure within one media playlist. */
export const constantRules: readonly Rule[] = [
  {
    id: 'hold-back-small',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'HOLD-BACK is at least three times the target duration',
    check: atLeast('holdBack', (p) => 3 * p.targetDuration),
  },
  {
    id: 'part-hold-back-missing',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'PART-HOLD-BACK is required where there is EXT-X-PART-INF',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.serverControl?.partHoldBack === undefined) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'part-hold-back-small',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'PART-HOLD-BACK is at least twice PART-TARGET',
    check: atLeast('partHoldBack', (p) => 2 * (p.partTarget ?? 0)),
  },
  {
    id: 'part-hold-back-tight',
    level: 'warning',
    source: `${bis('§4.4.3.8')}; ${apple('14.3')}`,
    title: 'PART-HOLD-BACK should be at least three times PART-TARGET',
    check: atLeast('partHoldBack', (p) => 3 * (p.partTarget ?? 0)),
  },
  {
    id: 'can-skip-until-small',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'CAN-SKIP-UNTIL is at least six times the target duration',
    check: atLeast('canSkipUntil', (p) => 6 * p.targetDuration),
  },
  {
    id: 'blocking-reload-missing',
    level: 'warning',
    source: bis('§2'),
    title: 'parts without CAN-BLOCK-RELOAD=YES do not make a stream low latency',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.serverControl?.canBlockReload !== true) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'delta-update-missing',
    level: 'warning',
    source: apple('14.4'),
    title: 'a low-latency server should offer delta updates (CAN-SKIP-UNTIL) of playlists longer than two minutes',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.serverControl?.canSkipUntil === undefined && durationOf(p) > 120) {
          report(shortUrl(w.url))
        }
      })
    },
  },
  {
    id: 'preload-hint-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a live playlist with parts hints at its next part (EXT-X-PRELOAD-HINT)',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && hasParts(p) && p.preloadHint?.type !== 'PART') report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'rendition-report-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a low-latency playlist reports on every other rendition (EXT-X-RENDITION-REPORT)',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (!isLowLatency(p)) return
        const reported = new Set(p.renditionReports.map((r) => resolveUri(r.uri, w.url).pathname))
        for (const other of o.renditions) {
          if (other !== w && !reported.has(new URL(other.url).pathname))
            report(`${shortUrl(w.url)}: ${shortUrl(other.url)}`)
        }
      })
    },
  },
  {
    id: 'program-date-time-missing',
    level: 'warning',
    source: apple('8.4'),
    title: 'a live playlist carries EXT-X-PROGRAM-DATE-TIME',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (!isLowLatency(p) && lacksDate(p)) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'low-latency-date-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a low-latency playlist carries EXT-X-PROGRAM-DATE-TIME',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && lacksDate(p)) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'program-date-time-ambiguous',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'dates of segments overlap by less than a second',
    check(o, report) {
      eachDateJump(o, (seconds, where) => {
        if (seconds <= -1) report(`${where}: ${(-seconds).toFixed(3)} s of overlap`)
      })
    },
  },
  {
    id: 'program-date-time-inconsistent',
    level: 'warning',
    source: bis('§6.2.1, §6.3.3'),
    title: 'dates should agree with the durations between them, which players add up to know the latency',
    check(o, report) {
      eachDateJump(o, (seconds, where) => {
        if (Math.abs(seconds) > 0.25 && seconds > -1) report(`${where}: ${seconds.toFixed(3)} s off`)
      })
    },
  },
  {
    id: 'parts-only',
    level: 'warning',
    source: 'hls.js 6809, 6840',
    title: 'a playlist with parts has at least one whole segment, or hls.js stops',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (p.segments.length === 0 && p.skippedSegments === undefined && p.trailingParts.length > 0)
          report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'parts-old',
    level: 'warning',
    source: bis('§6.2.2'),
    title: 'parts should be removed when more than three target durations from the end',
    check(o, report) {
      eachReading(o, (p, w) => {
        let toEnd = 0
        for (const e of entriesOf(p).reverse()) {
          // One more segment of slack: the boundary falls within one.
          if (e.parts.length > 0 && toEnd > 4 * p.targetDuration + rounding) {
            report(`${shortUrl(w.url)}: parts ${toEnd.toFixed(1)} s before the end`)
            break
          }
          toEnd += e.segment?.duration ?? e.parts.reduce((sum, part) => sum + part.duration, 0)
        }
      })
    },
  },
  {
    id: 'parts-sum',
    level: 'error',
    source: bis('§3.2'),
    title: 'the parts of a segment last as long as the segment',
    check(o, report) {
      const beyond = new Map<RenditionWatch, ReadonlyMap<number, number>>()
      for (const w of o.renditions) beyond.set(w, beyondTargets(w))
      eachReading(o, (p, w) => {
        for (const { segment, parts, msn } of entriesOf(p)) {
          if (segment === undefined || parts.length === 0) continue
          const sum = parts.reduce((total, part) => total + part.duration, 0)
          const off = Math.abs(sum - segment.duration) - (beyond.get(w)?.get(msn) ?? 0)
          if (off > 0.02 + rounding * parts.length) {
            report(`${shortUrl(w.url)} segment ${msn}: parts ${sum.toFixed(3)} s, segment ${segment.duration} s`)
          }
        }
      })
    },
  },
  {
    id: 'gap-parts',
    level: 'error',
    source: bis('§3.2, §6.2.1'),
    title: 'parts of a segment that is a gap are gaps too',
    check(o, report) {
      eachReading(o, (p, w) => {
        for (const { segment, parts, msn } of entriesOf(p)) {
          if (segment?.gap === true && parts.some((part) => !part.gap)) report(`${shortUrl(w.url)} segment ${msn}`)
        }
      })
    },
  },
]

/** A value of EXT-X-SERVER-CONTROL, where it is given, is not below the seconds of `least`. */
function atLeast(
  name: 'holdBack' | 'partHoldBack' | 'canSkipUntil',
  least: (p: MediaPlaylist) => number,
): Rule['check'] {
  return (o, report) => {
    eachReading(o, (p, w) => {
      const value = p.serverControl?.[name]
      if (value !== undefined && value < least(p) - rounding) {
        report(`${shortUrl(w.url)}: ${value} s where ${least(p)} s are the least`)
      }
    })
  }
}

/**
 * Seconds, by segment, by which its parts together last longer than they may say. Where they were listed before the check
 * began, and never read, the segment tells that one of its frames is longer than a part may be, not how much that makes.
 */
function beyondTargets(w: RenditionWatch): ReadonlyMap<number, number> {
  const beyond = new Map<number, number>()
  for (const l of listedSegments(w)) {
    const longest = l.object?.times?.longest ?? 0
    const isKnown = l.entry.parts.every(({ uri }) => w.objects.has(resolveUri(uri, w.url).href))
    if (!isKnown && longest > (l.partTarget ?? longest)) beyond.set(l.entry.msn, longest)
  }
  for (const l of listedParts(w)) beyond.set(l.entry.msn, (beyond.get(l.entry.msn) ?? 0) + beyondTarget(l))
  return beyond
}

/** Live, with segments, and none of them dated. */
function lacksDate(p: MediaPlaylist): boolean {
  return !p.endList && p.segments.length > 0 && entriesOf(p).every((e) => e.programDateTime === undefined)
}

/** Calls `f` with the seconds by which a date differs from the dated segment before it plus the durations since. */
function eachDateJump(o: Observation, f: (seconds: number, where: string) => void): void {
  eachReading(o, (p, w) => {
    let anchor: { date: number; discontinuity: number } | undefined
    let since = 0
    for (const e of entriesOf(p)) {
      if (anchor?.discontinuity !== e.discontinuity) anchor = undefined
      if (e.programDateTime !== undefined) {
        if (anchor !== undefined) {
          f((e.programDateTime - anchor.date) / 1000 - since, `${shortUrl(w.url)} segment ${e.msn}`)
        }
        anchor = { date: e.programDateTime, discontinuity: e.discontinuity }
        since = 0
      }
      since += e.segment?.duration ?? 0
    }
  })
}
