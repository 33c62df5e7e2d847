import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { bis, type Rule } from '../rule.ts'
import { comparePositions, type Entry, entriesOf, nextPosition } from '../timeline.ts'
import { eachPair, readings, shortUrl } from './read.ts'

/** Slack for figures printed with few digits, in seconds. */
const rounding = 0.0011

/** How a playlist may change from one reading to the next. */
export const changeRules: readonly Rule[] = [
  {
    id: 'media-sequence-fell',
    level: 'error',
    source: `${bis('§6.2.2')}; hls.js 4309`,
    title: 'the media sequence number never falls',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        if (b.mediaSequence < a.mediaSequence) report(`${shortUrl(w.url)}: ${a.mediaSequence} → ${b.mediaSequence}`)
      })
    },
  },
  {
    id: 'window-short',
    level: 'error',
    source: bis('§6.2.2'),
    title: 'a live playlist that sheds segments still holds three target durations of them',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        // One that has begun at any number, and has only grown since, may be shorter.
        if (b.endList || b.mediaSequence <= a.mediaSequence || b.skippedSegments !== undefined) return
        // The segment in the making does not count (§4.1).
        const seconds = b.segments.reduce((sum, segment) => sum + segment.duration, 0)
        if (seconds < 3 * b.targetDuration - rounding) report(`${shortUrl(w.url)}: ${seconds.toFixed(3)} s`)
      })
    },
  },
  {
    id: 'playlist-type-live',
    level: 'error',
    source: bis('§6.2.2'),
    title: 'a playlist that sheds segments has no EXT-X-PLAYLIST-TYPE',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        if (b.playlistType !== undefined && !b.endList && b.mediaSequence > a.mediaSequence)
          report(`${shortUrl(w.url)}: ${b.playlistType}`)
      })
    },
  },
  {
    id: 'end-fell',
    level: 'error',
    source: bis('§6.2.1, §6.2.2'),
    title: 'what has been listed at the end stays until it leaves at the front',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        const [x, y] = [nextPosition(a), nextPosition(b)]
        if (comparePositions(y, x) < 0) report(`${shortUrl(w.url)}: ${x.msn}.${x.part} → ${y.msn}.${y.part}`)
      })
    },
  },
  {
    id: 'discontinuity-sequence-fell',
    level: 'error',
    source: bis('§6.2.2'),
    title: 'the discontinuity sequence number never falls',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        const [x, y] = [a.discontinuitySequence, b.discontinuitySequence]
        if (y < x) report(`${shortUrl(w.url)}: ${x} → ${y}`)
      })
    },
  },
  {
    id: 'discontinuity-sequence-wrong',
    level: 'error',
    source: bis('§6.2.2'),
    title: 'a segment keeps its discontinuity number: the sequence rises by what was removed',
    check(o, report) {
      eachCommonEntry(o, (a, b, where) => {
        if (a.discontinuity !== b.discontinuity) report(`${where}: ${a.discontinuity} → ${b.discontinuity}`)
      })
    },
  },
  {
    id: 'segment-changed',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'a listed segment never changes its URI, duration or map',
    check(o, report) {
      eachCommonEntry(o, (a, b, where) => {
        const [x, y] = [a.segment, b.segment]
        if (x === undefined || y === undefined) return
        if (x.uri !== y.uri) report(`${where}: URI ${x.uri} → ${y.uri}`)
        if (x.duration !== y.duration) report(`${where}: duration ${x.duration} → ${y.duration}`)
        if (x.gap !== y.gap) report(`${where}: gap ${x.gap} → ${y.gap}`)
        // The tag may have left with the segment that carried it; a playlist must repeat it then.
        if (a.map?.uri !== b.map?.uri) report(`${where}: map ${a.map?.uri} → ${b.map?.uri}`)
      })
    },
  },
  {
    id: 'program-date-time-changed',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'the program date time of a segment never changes',
    check(o, report) {
      eachCommonEntry(o, (a, b, where) => {
        const [x, y] = [a.programDateTime, b.programDateTime]
        if (x !== undefined && y !== undefined && Math.abs(x - y) > 1) report(`${where}: by ${y - x} ms`)
      })
    },
  },
  {
    id: 'part-changed',
    level: 'error',
    source: bis('§6.2.1, §6.2.2'),
    title: 'a listed part never changes its URI or duration, and none is put in between',
    check(o, report) {
      eachCommonEntry(o, (a, b, where) => {
        // Parts leave together when their segment gets old.
        if (a.parts.length === 0 || b.parts.length === 0) return
        a.parts.forEach((x, i) => {
          const y = b.parts[i]
          if (y === undefined) report(`${where}: part ${i} is gone`)
          else if (x.uri !== y.uri) report(`${where}: part ${i} URI ${x.uri} → ${y.uri}`)
          else if (x.duration !== y.duration) report(`${where}: part ${i} duration ${x.duration} → ${y.duration}`)
        })
      })
    },
  },
  {
    id: 'target-duration-changed',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'the target duration never changes',
    check: constant((p) => p.targetDuration),
  },
  {
    id: 'part-target-changed',
    level: 'error',
    source: `${bis('§6.2.1')}; players on iOS stop`,
    title: 'PART-TARGET never changes',
    check: constant((p) => (p.endList ? undefined : p.partTarget)),
  },
  {
    id: 'hold-back-changed',
    level: 'error',
    source: `${bis('§6.2.1')}; players on iOS stop (MediaMTX 6237)`,
    title: 'HOLD-BACK and PART-HOLD-BACK never change',
    check: constant((p) =>
      p.serverControl === undefined || p.endList
        ? undefined
        : `${p.serverControl.holdBack ?? '-'}/${p.serverControl.partHoldBack ?? '-'}`,
    ),
  },
  {
    id: 'version-changed',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'EXT-X-VERSION does not change',
    check: constant((p) => p.version),
  },
  {
    id: 'changed-after-end',
    level: 'error',
    source: bis('§4.4.3.4, §6.2.1'),
    title: 'EXT-X-ENDLIST stays, and nothing is added once it is there',
    check(o, report) {
      eachPair(o, (a, b, w) => {
        if (!a.endList) return
        if (!b.endList) report(`${shortUrl(w.url)}: EXT-X-ENDLIST is gone`)
        else if (comparePositions(nextPosition(b), nextPosition(a)) > 0) report(`${shortUrl(w.url)}: goes on`)
      })
    },
  },
  {
    id: 'stalled',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'a new segment is listed at the latest 1.5 target durations after the one before',
    check(o, report) {
      for (const w of o.renditions) {
        let since: { msn: number; at: number } | undefined
        for (const { playlist: p, fetched } of readings(w)) {
          if (p.endList) break
          const { msn } = nextPosition(p)
          if (since === undefined || msn !== since.msn) since = { msn, at: fetched.endedAt }
          // A reload without blocking sees the change up to one target late.
          const slack = p.serverControl?.canBlockReload === true ? 0.5 : 1
          const seconds = (fetched.endedAt - since.at) / 1000
          if (seconds > (1.5 + slack) * p.targetDuration) report(`${shortUrl(w.url)}: no segment after ${msn - 1}`)
        }
      }
    },
  },
]

type Check = Rule['check']

/** The same in every reading where it is given. */
function constant(value: (p: MediaPlaylist) => string | number | undefined): Check {
  return (o, report) => {
    eachPair(o, (a, b, w) => {
      const [x, y] = [value(a), value(b)]
      if (x !== undefined && y !== undefined && x !== y) report(`${shortUrl(w.url)}: ${x} → ${y}`)
    })
  }
}

/** Calls `f` for entries with the same number in two consecutive readings. */
function eachCommonEntry(o: Parameters<Check>[0], f: (before: Entry, after: Entry, where: string) => void): void {
  eachPair(o, (a, b, w) => {
    const after = new Map(entriesOf(b).map((e) => [e.msn, e]))
    for (const x of entriesOf(a)) {
      const y = after.get(x.msn)
      if (y !== undefined) f(x, y, `${shortUrl(w.url)} segment ${x.msn}`)
    }
  })
}
