import { parseAttributes } from './attributes.ts'
import { checkPlaylist } from './check-media.ts'
import type { IssueList } from './issue.ts'
import { type PlaylistLine, tagName, tagValue } from './line.ts'
import {
  type ByteRange,
  DEPENDENT,
  type MediaMap,
  type MediaPlaylist,
  type MediaSegment,
  NEXT_DEPENDENT,
  type PartialSegment,
  type PreloadHint,
  type RenditionReport,
  type SegmentHead,
  type ServerControl,
} from './model.ts'
import { parseByteRange, parseDate, parseDecimal, parseInteger } from './values.ts'

/** Tags that apply to the segment whose URI line comes next. */
interface Pending {
  line: number
  discontinuity: boolean
  map?: MediaMap
  programDateTime?: number
  duration?: number
  title?: string
  gap: boolean
  byteRange?: ByteRange
  bitrate?: number
  independent?: false
  nextIndependent?: false
  parts: PartialSegment[]
}

const fresh = (): Pending => ({ line: 0, discontinuity: false, gap: false, parts: [] })

/** Tags that may appear once (§4.4.1.2, §4.4.2, §4.4.3, §4.4.5). */
const once = new Set([
  '#EXT-X-VERSION',
  '#EXT-X-TARGETDURATION',
  '#EXT-X-MEDIA-SEQUENCE',
  '#EXT-X-DISCONTINUITY-SEQUENCE',
  '#EXT-X-PLAYLIST-TYPE',
  '#EXT-X-PART-INF',
  '#EXT-X-SERVER-CONTROL',
  '#EXT-X-ENDLIST',
  '#EXT-X-I-FRAMES-ONLY',
  '#EXT-X-INDEPENDENT-SEGMENTS',
  '#EXT-X-START',
  '#EXT-X-SKIP',
])

/** Media playlist tags (RFC 8216bis §4.4.3 to §4.4.5). Keys and date ranges are recognised and passed over. */
export function parseMediaPlaylist(
  lines: readonly PlaylistLine[],
  issues: IssueList,
): { playlist: MediaPlaylist; encrypted: boolean } {
  const seen = new Set<string>()
  const segments: MediaSegment[] = []
  const renditionReports: RenditionReport[] = []
  let pending = fresh()
  let encrypted = false
  let endList = false
  let discontinuities = 0
  let version: number | undefined
  let targetDuration: number | undefined
  let partTarget: number | undefined
  let serverControl: ServerControl | undefined
  let mediaSequence: number | undefined
  let discontinuitySequence: number | undefined
  let playlistType: 'EVENT' | 'VOD' | undefined
  let skippedSegments: number | undefined
  let preloadHint: PreloadHint | undefined
  let independentSegments = false
  let iFramesOnly = false

  const integer = (text: string): number | undefined => {
    const value = parseInteger(tagValue(text))
    if (value === undefined) issues.add('tag-value', `${tagName(text)} must be an integer`)
    return value
  }

  for (const { number, text } of lines) {
    issues.line = number
    if (!text.startsWith('#')) {
      segments.push(closeSegment(pending, text, issues))
      pending = fresh()
      continue
    }
    if (text === DEPENDENT) {
      pending.independent = false
      continue
    }
    if (text === NEXT_DEPENDENT) {
      pending.nextIndependent = false
      continue
    }
    const name = tagName(text)
    if (once.has(name)) {
      if (seen.has(name)) {
        issues.add('duplicate-tag', `${name} appears twice`)
        continue
      }
      seen.add(name)
    }
    switch (name) {
      case '#EXT-X-VERSION':
        version = integer(text)
        break
      case '#EXT-X-TARGETDURATION':
        targetDuration = integer(text)
        if (targetDuration === 0) issues.add('tag-value', `${name} must be at least 1`)
        break
      case '#EXT-X-MEDIA-SEQUENCE':
        if (segments.length > 0 || pending.parts.length > 0) issues.add('late-tag', `${name} after the first segment`)
        mediaSequence = integer(text)
        break
      case '#EXT-X-DISCONTINUITY-SEQUENCE':
        if (segments.length > 0 || discontinuities > 0) issues.add('late-tag', `${name} after a segment`)
        discontinuitySequence = integer(text)
        break
      case '#EXT-X-PLAYLIST-TYPE': {
        const value = tagValue(text)
        if (value === 'EVENT' || value === 'VOD') playlistType = value
        else issues.add('tag-value', `${name} must be EVENT or VOD`)
        break
      }
      case '#EXT-X-INDEPENDENT-SEGMENTS':
        independentSegments = true
        break
      case '#EXT-X-I-FRAMES-ONLY':
        iFramesOnly = true
        break
      case '#EXT-X-PART-INF':
        partTarget = parseAttributes(tagValue(text), issues).decimal('PART-TARGET', 'required')
        break
      case '#EXT-X-SERVER-CONTROL':
        serverControl = parseServerControl(tagValue(text), issues)
        break
      case '#EXT-X-SKIP':
        if (segments.length > 0 || pending.parts.length > 0) issues.add('skip-misplaced', `${name} after a segment`)
        skippedSegments = parseAttributes(tagValue(text), issues).integer('SKIPPED-SEGMENTS', 'required')
        break
      case '#EXTINF': {
        const value = tagValue(text)
        const comma = value.indexOf(',')
        if (comma < 0) issues.add('tag-value', 'EXTINF needs a comma after the duration')
        const duration = parseDecimal(comma < 0 ? value : value.slice(0, comma))
        if (duration === undefined) issues.add('tag-value', 'EXTINF must begin with a decimal number')
        if (pending.duration !== undefined) issues.add('segment-without-uri', 'two EXTINF before one URI')
        pending.duration = duration ?? 0
        pending.line = number
        const title = comma < 0 ? '' : value.slice(comma + 1)
        if (title !== '') pending.title = title
        break
      }
      case '#EXT-X-DISCONTINUITY':
        pending.discontinuity = true
        discontinuities++
        break
      case '#EXT-X-GAP':
        pending.gap = true
        break
      case '#EXT-X-BITRATE': {
        const bitrate = integer(text)
        if (bitrate !== undefined) pending.bitrate = bitrate
        break
      }
      case '#EXT-X-BYTERANGE': {
        const range = parseByteRange(tagValue(text))
        if (range === undefined) issues.add('tag-value', `${name} must be LENGTH[@OFFSET]`)
        else pending.byteRange = range
        break
      }
      case '#EXT-X-MAP': {
        const a = parseAttributes(tagValue(text), issues)
        const uri = a.quoted('URI', 'required')
        const byteRange = a.byteRange('BYTERANGE')
        if (byteRange !== undefined && byteRange.start === undefined) {
          issues.add('attribute-value', 'BYTERANGE of EXT-X-MAP must be LENGTH@OFFSET')
        }
        if (uri !== undefined) pending.map = { uri, ...(byteRange !== undefined && { byteRange }) }
        break
      }
      case '#EXT-X-PROGRAM-DATE-TIME': {
        const date = parseDate(tagValue(text))
        if (date === undefined) issues.add('tag-value', `${name} must be an ISO 8601 date and time`)
        else pending.programDateTime = date
        break
      }
      case '#EXT-X-KEY':
        if (parseAttributes(tagValue(text), issues).enumerated('METHOD', keyMethods, 'required') !== 'NONE') {
          encrypted = true
        }
        break
      case '#EXT-X-PART': {
        const part = parsePart(tagValue(text), issues)
        if (part !== undefined) pending.parts.push(part)
        break
      }
      case '#EXT-X-PRELOAD-HINT': {
        const a = parseAttributes(tagValue(text), issues)
        const type = a.enumerated('TYPE', ['PART', 'MAP'], 'required')
        const uri = a.quoted('URI', 'required')
        // The model keeps the first of a part, which is the one that clients follow (§6.3.8).
        if (type !== undefined && preloadHint?.type === type) issues.add('hint-duplicate', `two hints of type ${type}`)
        const byteRangeStart = a.integer('BYTERANGE-START')
        if (type !== undefined && uri !== undefined && preloadHint?.type !== 'PART') {
          preloadHint = { type, uri, ...(byteRangeStart !== undefined && { byteRangeStart }) }
        }
        break
      }
      case '#EXT-X-RENDITION-REPORT': {
        const a = parseAttributes(tagValue(text), issues)
        const uri = a.quoted('URI', 'required')
        // Required, but left out where it is that of the playlist itself (§4.4.5.4).
        const lastMsn = a.integer('LAST-MSN')
        const lastPart = a.integer('LAST-PART')
        if (uri !== undefined) {
          renditionReports.push({
            uri,
            ...(lastMsn !== undefined && { lastMsn }),
            ...(lastPart !== undefined && { lastPart }),
          })
        }
        break
      }
      case '#EXT-X-ENDLIST':
        endList = true
        break
    }
  }
  if (pending.duration !== undefined) {
    issues.add('segment-without-uri', 'EXTINF is not followed by a URI', pending.line)
  }
  if (endList && preloadHint !== undefined) issues.add('hint-after-end', `a hint at ${preloadHint.uri}`, 0)
  if (targetDuration === undefined) issues.add('target-duration-missing', 'EXT-X-TARGETDURATION is missing', 0)

  const { discontinuity, map, programDateTime } = pending
  const trailingHead: SegmentHead | undefined =
    discontinuity || map !== undefined || programDateTime !== undefined
      ? { discontinuity, ...(map !== undefined && { map }), ...(programDateTime !== undefined && { programDateTime }) }
      : undefined
  const playlist: MediaPlaylist = {
    version: version ?? 1,
    targetDuration: targetDuration ?? 0,
    ...(partTarget !== undefined && { partTarget }),
    ...(serverControl !== undefined && { serverControl }),
    mediaSequence: mediaSequence ?? 0,
    discontinuitySequence: discontinuitySequence ?? 0,
    ...(playlistType !== undefined && { playlistType }),
    independentSegments,
    iFramesOnly,
    ...(skippedSegments !== undefined && { skippedSegments }),
    segments,
    trailingParts: pending.parts,
    ...(trailingHead !== undefined && { trailingHead }),
    ...(preloadHint !== undefined && { preloadHint }),
    renditionReports,
    endList,
  }
  checkPlaylist(playlist, issues)
  return { playlist, encrypted }
}

const keyMethods = ['NONE', 'AES-128', 'SAMPLE-AES', 'SAMPLE-AES-CTR', 'AES-256-GCM'] as const

function closeSegment(p: Pending, uri: string, issues: IssueList): MediaSegment {
  if (p.duration === undefined) issues.add('segment-without-duration', 'a URI without EXTINF before it')
  return {
    uri,
    duration: p.duration ?? 0,
    ...(p.title !== undefined && { title: p.title }),
    gap: p.gap,
    discontinuity: p.discontinuity,
    ...(p.map !== undefined && { map: p.map }),
    ...(p.programDateTime !== undefined && { programDateTime: p.programDateTime }),
    ...(p.byteRange !== undefined && { byteRange: p.byteRange }),
    ...(p.bitrate !== undefined && { bitrate: p.bitrate }),
    ...(p.independent !== undefined && { independent: p.independent }),
    ...(p.nextIndependent !== undefined && { nextIndependent: p.nextIndependent }),
    parts: p.parts,
  }
}

function parseServerControl(value: string, issues: IssueList): ServerControl {
  const a = parseAttributes(value, issues)
  const holdBack = a.decimal('HOLD-BACK')
  const partHoldBack = a.decimal('PART-HOLD-BACK')
  const canSkipUntil = a.decimal('CAN-SKIP-UNTIL')
  return {
    canBlockReload: a.flag('CAN-BLOCK-RELOAD'),
    ...(holdBack !== undefined && { holdBack }),
    ...(partHoldBack !== undefined && { partHoldBack }),
    ...(canSkipUntil !== undefined && { canSkipUntil }),
    ...(a.names.has('CAN-SKIP-DATERANGES') && { canSkipDateRanges: a.flag('CAN-SKIP-DATERANGES') }),
  }
}

function parsePart(value: string, issues: IssueList): PartialSegment | undefined {
  const a = parseAttributes(value, issues)
  const uri = a.quoted('URI', 'required')
  const duration = a.decimal('DURATION', 'required')
  const byteRange = a.byteRange('BYTERANGE')
  const independent = a.flag('INDEPENDENT')
  const gap = a.flag('GAP')
  if (uri === undefined) return undefined
  return { uri, duration: duration ?? 0, independent, gap, ...(byteRange !== undefined && { byteRange }) }
}
