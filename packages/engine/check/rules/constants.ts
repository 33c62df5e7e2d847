import { resolveUri } from '../resolve.ts'
import { bis, type Rule } from '../rule.ts'
import { durationOf, entriesOf } from '../timeline.ts'
import { eachReading, isLowLatency, shortUrl } from './read.ts'

/** Slack for figures printed with few digits, in seconds. */
const rounding = 0.0011

/** Declared values and structure within one media playlist. */
export const constantRules: readonly Rule[] = [
  {
    id: 'hold-back-small',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'HOLD-BACK is at least three times the target duration',
    check(o, report) {
      eachReading(o, (p, w) => {
        const value = p.serverControl?.holdBack
        if (value !== undefined && value < 3 * p.targetDuration - rounding) report(`${shortUrl(w.url)}: ${value}`)
      })
    },
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
    check(o, report) {
      eachReading(o, (p, w) => {
        const value = p.serverControl?.partHoldBack
        if (value !== undefined && value < 2 * (p.partTarget ?? 0) - rounding) report(`${shortUrl(w.url)}: ${value}`)
      })
    },
  },
  {
    id: 'part-hold-back-tight',
    level: 'warning',
    source: bis('§4.4.3.8'),
    title: 'PART-HOLD-BACK should be at least three times PART-TARGET',
    check(o, report) {
      eachReading(o, (p, w) => {
        const value = p.serverControl?.partHoldBack
        if (value !== undefined && value < 3 * (p.partTarget ?? 0) - rounding) report(`${shortUrl(w.url)}: ${value}`)
      })
    },
  },
  {
    id: 'can-skip-until-small',
    level: 'error',
    source: bis('§4.4.3.8'),
    title: 'CAN-SKIP-UNTIL is at least six times the target duration',
    check(o, report) {
      eachReading(o, (p, w) => {
        const value = p.serverControl?.canSkipUntil
        if (value !== undefined && value < 6 * p.targetDuration - rounding) report(`${shortUrl(w.url)}: ${value}`)
      })
    },
  },
  {
    id: 'blocking-reload-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a low-latency server offers blocking playlist reload',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.serverControl?.canBlockReload !== true) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'delta-update-missing',
    level: 'warning',
    source: bis('Appendix B.1'),
    title: 'a low-latency server offers delta updates',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.serverControl?.canSkipUntil === undefined) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'preload-hint-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a low-latency playlist hints at its next part',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (isLowLatency(p) && p.preloadHint?.type !== 'PART') report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'rendition-report-missing',
    level: 'error',
    source: bis('Appendix B.1'),
    title: 'a low-latency playlist reports on every other rendition',
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
    source: 'Apple HLS authoring specification',
    title: 'a live playlist carries program date times',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (p.endList || p.segments.length === 0) return
        if (entriesOf(p).every((e) => e.programDateTime === undefined)) report(shortUrl(w.url))
      })
    },
  },
  {
    id: 'program-date-time-inconsistent',
    level: 'error',
    source: bis('§4.4.4.6'),
    title: 'program date times agree with the durations between them',
    check(o, report) {
      eachReading(o, (p, w) => {
        let anchor: { date: number; discontinuity: number } | undefined
        let since = 0
        for (const e of entriesOf(p)) {
          if (anchor?.discontinuity !== e.discontinuity) anchor = undefined
          if (e.programDateTime !== undefined) {
            if (anchor !== undefined) {
              const off = (e.programDateTime - anchor.date) / 1000 - since
              if (Math.abs(off) > 0.25) report(`${shortUrl(w.url)}: ${off.toFixed(3)} s off at segment ${e.msn}`)
            }
            anchor = { date: e.programDateTime, discontinuity: e.discontinuity }
            since = 0
          }
          since += e.segment?.duration ?? 0
        }
      })
    },
  },
  {
    id: 'window-short',
    level: 'error',
    source: bis('§6.2.2'),
    title: 'a live playlist that has shed segments still holds three target durations',
    check(o, report) {
      eachReading(o, (p, w) => {
        if (p.endList || p.mediaSequence === 0 || p.skippedSegments !== undefined) return
        const seconds = durationOf(p)
        if (seconds < 3 * p.targetDuration - rounding) report(`${shortUrl(w.url)}: ${seconds.toFixed(3)} s`)
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
    source: bis('§4.4.4.9'),
    title: 'parts are removed when more than three target durations from the end',
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
    source: bis('§4.4.4.9'),
    title: 'the parts of a segment last as long as the segment',
    check(o, report) {
      eachReading(o, (p, w) => {
        for (const { segment, parts, msn } of entriesOf(p)) {
          if (segment === undefined || parts.length === 0) continue
          const sum = parts.reduce((total, part) => total + part.duration, 0)
          if (Math.abs(sum - segment.duration) > 0.02 + rounding * parts.length) {
            report(`${shortUrl(w.url)} segment ${msn}: parts ${sum.toFixed(3)} s, segment ${segment.duration} s`)
          }
        }
      })
    },
  },
  {
    id: 'gap-parts',
    level: 'error',
    source: bis('§4.4.4.7'),
    title: 'parts of a segment that is a gap are gaps too',
    check(o, report) {
      eachReading(o, (p, w) => {
        for (const { segment, parts, msn } of entriesOf(p)) {
          if (segment?.gap === true && parts.some((part) => !part.gap)) report(`${shortUrl(w.url)} segment ${msn}`)
        }
      })
    },
  },
  {
    id: 'target-durations-differ',
    level: 'error',
    source: `${bis('§6.2.4')}; Appendix B.1`,
    title: 'renditions have the same target duration and part target',
    check(o, report) {
      const declared = new Map<string, string>()
      eachReading(o, (p, w) => declared.set(shortUrl(w.url), `${p.targetDuration}/${p.partTarget ?? '-'}`))
      if (new Set(declared.values()).size > 1) report([...declared].map(([url, d]) => `${url}: ${d}`).join(', '))
    },
  },
]
