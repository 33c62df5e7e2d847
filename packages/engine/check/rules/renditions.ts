import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { RenditionWatch } from '../observation.ts'
import { bis, type Rule } from '../rule.ts'
import { entriesOf } from '../timeline.ts'
import { eachReading, listedSegments, readings, shortUrl } from './read.ts'

/**
 * Seconds by which dates and timestamps may differ between renditions: decode times are looked at, and pictures are shown up to
 * some frames later.
 */
const timelineSlack = 1

/** What renditions of one stream have in common (RFC 8216bis §6.2.4), so that players can change between them. */
export const renditionRules: readonly Rule[] = [
  {
    id: 'target-durations-differ',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'renditions have the same target duration',
    check: same(isLive, (p) => String(p.targetDuration)),
  },
  {
    id: 'server-control-differs',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'renditions have the same EXT-X-SERVER-CONTROL',
    check: same(isLive, (p) => {
      const c = p.serverControl
      const yesNo = [c?.canBlockReload, c?.canSkipDateRanges].map((flag) => (flag === true ? 'YES' : 'NO'))
      return [...yesNo, c?.holdBack, c?.partHoldBack, c?.canSkipUntil].map((v) => v ?? '-').join('/')
    }),
  },
  {
    id: 'playlist-types-differ',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'renditions have the same EXT-X-PLAYLIST-TYPE, or none',
    check(o, report) {
      const type = (p: MediaPlaylist) => p.playlistType ?? 'none'
      // It may change when the playlist ends, which one rendition is seen to do before the other.
      same(isLive, type)(o, report)
      same((p) => p.endList, type)(o, report)
    },
  },
  {
    id: 'dates-in-some',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'where one rendition carries EXT-X-PROGRAM-DATE-TIME all do',
    check(o, report) {
      const listing = o.renditions.filter((w) => readings(w).some(({ playlist }) => playlist.segments.length > 0))
      const dated = listing.filter((w) => readings(w).some(({ playlist }) => isDated(playlist)))
      if (dated.length === 0) return
      for (const w of listing) if (!dated.includes(w)) report(`none in ${shortUrl(w.url)}`)
    },
  },
  {
    id: 'timelines-differ',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'renditions map the same dates to the same timestamps',
    check(o, report) {
      const [first, ...others] = o.renditions.map((w) => ({ w, segments: datedSegments(w) }))
      for (const { w, segments } of others) {
        for (const b of segments) {
          const a = first?.segments.find(({ discontinuity }) => discontinuity === b.discontinuity)
          if (first === undefined || a === undefined) continue
          const off = b.zero - a.zero
          if (Math.abs(off) <= timelineSlack) continue
          report(`${shortUrl(w.url)} against ${shortUrl(first.w.url)}: ${off.toFixed(1)} s off`)
          break
        }
      }
    },
  },
  {
    id: 'discontinuities-differ',
    level: 'error',
    source: bis('§6.2.4'),
    title: 'what renditions show at the same moment has the same discontinuity sequence number',
    check(o, report) {
      const [first, ...others] = o.renditions.map((w) => ({ w, segments: datedSegments(w) }))
      for (const { w, segments } of others) {
        for (const b of segments) {
          const a = first?.segments.find((segment) => showsWhat(segment, b))
          if (first === undefined || a === undefined || a.discontinuity === b.discontinuity) continue
          report(
            `${shortUrl(w.url)} segment ${b.msn}: ${b.discontinuity}, ${shortUrl(first.w.url)} segment ${a.msn}: ${a.discontinuity}`,
          )
        }
      }
    },
  },
]

function isLive(p: MediaPlaylist): boolean {
  return !p.endList
}

/** What is declared, the same in every rendition, as the last reading of a kind has it. */
function same(which: (p: MediaPlaylist) => boolean, declared: (p: MediaPlaylist) => string): Rule['check'] {
  return (o, report) => {
    const found = new Map<string, string>()
    eachReading(o, (p, w) => {
      if (which(p)) found.set(shortUrl(w.url), declared(p))
    })
    if (new Set(found.values()).size > 1) report([...found].map(([url, d]) => `${url}: ${d}`).join(', '))
  }
}

function isDated(p: MediaPlaylist): boolean {
  return entriesOf(p).some((e) => e.programDateTime !== undefined)
}

/** A segment whose date and timestamp are both known. Seconds. */
interface DatedSegment {
  readonly msn: number
  readonly discontinuity: number
  readonly date: number
  readonly duration: number
  /** The date of timestamp zero. */
  readonly zero: number
}

/** Segments that were read as fragmented MP4; a date holds on over those that follow, to the next discontinuity. */
function datedSegments(w: RenditionWatch): DatedSegment[] {
  const found: DatedSegment[] = []
  let next: { readonly msn: number; readonly discontinuity: number; readonly date: number } | undefined
  for (const { entry, duration, object } of listedSegments(w)) {
    const { msn, discontinuity, programDateTime } = entry
    const follows = next?.msn === msn && next.discontinuity === discontinuity
    const date = programDateTime === undefined ? (follows ? next?.date : undefined) : programDateTime / 1000
    next = date === undefined ? undefined : { msn: msn + 1, discontinuity, date: date + duration }
    const start = object?.times?.start
    if (date !== undefined && start !== undefined)
      found.push({ msn, discontinuity, date, duration, zero: date - start })
  }
  return found
}

/** Whether the middle of `b` is well within `a`, by date and by timestamp: then both are cut from the same moment. */
function showsWhat(a: DatedSegment, b: DatedSegment): boolean {
  const middle = b.date + b.duration / 2 - a.date
  const edge = a.duration / 4
  return Math.abs(a.zero - b.zero) <= timelineSlack && middle > edge && middle < a.duration - edge
}
