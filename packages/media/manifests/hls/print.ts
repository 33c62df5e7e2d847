import { MediaError } from '../../error.ts'
import {
  type ByteRange,
  DEPENDENT,
  type MediaPlaylist,
  type MediaSegment,
  type MultivariantPlaylist,
  NEXT_DEPENDENT,
  type PartialSegment,
  type Rendition,
  type SegmentHead,
  type ServerControl,
  type Variant,
} from './model.ts'

/**
 * Prints a media playlist (RFC 8216bis §4.4.3 to §4.4.5), every line ended by LF. The same value always gives the same
 * bytes. Durations are printed in seconds with microseconds.
 *
 * Tags that position what follows (DISCONTINUITY, MAP, PROGRAM-DATE-TIME) come before a segment's parts, for they apply
 * to those too (§4.4.4.9).
 *
 * @throws MediaError `malformed` where a string cannot stand in a playlist (a quote or a line break in it).
 */
export function printMediaPlaylist(p: MediaPlaylist): string {
  let out = `#EXTM3U\n#EXT-X-VERSION:${p.version}\n`
  if (p.independentSegments) out += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  out += `#EXT-X-TARGETDURATION:${p.targetDuration}\n`
  if (p.playlistType !== undefined) out += `#EXT-X-PLAYLIST-TYPE:${p.playlistType}\n`
  if (p.iFramesOnly) out += '#EXT-X-I-FRAMES-ONLY\n'
  if (p.serverControl !== undefined) out += serverControl(p.serverControl)
  if (p.partTarget !== undefined) out += `#EXT-X-PART-INF:PART-TARGET=${decimal(p.partTarget)}\n`
  out += `#EXT-X-MEDIA-SEQUENCE:${p.mediaSequence}\n`
  // Absent means 0 (§4.4.3.3); always printed, so that a reader of the text sees it rise.
  out += `#EXT-X-DISCONTINUITY-SEQUENCE:${p.discontinuitySequence}\n`
  if (p.startOffset !== undefined) out += `#EXT-X-START:TIME-OFFSET=${decimal(p.startOffset)}\n`
  if (p.skippedSegments !== undefined) out += `#EXT-X-SKIP:SKIPPED-SEGMENTS=${p.skippedSegments}\n`
  for (const s of p.segments) out += segment(s)
  if (p.trailingHead !== undefined) out += head(p.trailingHead)
  for (const part of p.trailingParts) out += partial(part)
  if (p.preloadHint !== undefined) {
    out += `#EXT-X-PRELOAD-HINT:TYPE=${p.preloadHint.type},URI=${quoted(p.preloadHint.uri)}`
    if (p.preloadHint.byteRangeStart !== undefined) out += `,BYTERANGE-START=${p.preloadHint.byteRangeStart}`
    out += '\n'
  }
  for (const r of p.renditionReports) {
    out += `#EXT-X-RENDITION-REPORT:URI=${quoted(r.uri)}`
    if (r.lastMsn !== undefined) out += `,LAST-MSN=${r.lastMsn}`
    if (r.lastPart !== undefined) out += `,LAST-PART=${r.lastPart}`
    out += '\n'
  }
  if (p.endList) out += '#EXT-X-ENDLIST\n'
  return out
}

/**
 * Prints a multivariant playlist (RFC 8216bis §4.4.6): renditions first, then variants in the order given.
 *
 * @throws MediaError `malformed` where a string cannot stand in a playlist.
 */
export function printMultivariant(p: MultivariantPlaylist): string {
  let out = `#EXTM3U\n#EXT-X-VERSION:${p.version}\n`
  if (p.independentSegments) out += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  for (const r of p.renditions) out += rendition(r)
  for (const v of p.variants) out += variant(v)
  return out
}

function serverControl(c: ServerControl): string {
  const attributes: string[] = []
  if (c.canBlockReload) attributes.push('CAN-BLOCK-RELOAD=YES')
  if (c.holdBack !== undefined) attributes.push(`HOLD-BACK=${decimal(c.holdBack)}`)
  if (c.partHoldBack !== undefined) attributes.push(`PART-HOLD-BACK=${decimal(c.partHoldBack)}`)
  if (c.canSkipUntil !== undefined) attributes.push(`CAN-SKIP-UNTIL=${decimal(c.canSkipUntil)}`)
  if (c.canSkipDateRanges === true) attributes.push('CAN-SKIP-DATERANGES=YES')
  // An attribute list may not be empty (§4.2), and a tag without attributes says nothing.
  return attributes.length === 0 ? '' : `#EXT-X-SERVER-CONTROL:${attributes.join(',')}\n`
}

function head(h: SegmentHead): string {
  let out = ''
  if (h.discontinuity) out += '#EXT-X-DISCONTINUITY\n'
  if (h.map !== undefined) {
    out += `#EXT-X-MAP:URI=${quoted(h.map.uri)}`
    if (h.map.byteRange !== undefined) out += `,BYTERANGE="${byteRange(h.map.byteRange)}"`
    out += '\n'
  }
  if (h.programDateTime !== undefined) {
    out += `#EXT-X-PROGRAM-DATE-TIME:${new Date(h.programDateTime).toISOString()}\n`
  }
  return out
}

function segment(s: MediaSegment): string {
  let out = head(s)
  for (const part of s.parts) out += partial(part)
  if (s.gap) out += '#EXT-X-GAP\n'
  if (s.bitrate !== undefined) out += `#EXT-X-BITRATE:${s.bitrate}\n`
  if (s.nextIndependent === false) out += `${NEXT_DEPENDENT}\n`
  if (s.independent === false) out += `${DEPENDENT}\n`
  out += `#EXTINF:${s.duration.toFixed(6)},${s.title === undefined ? '' : oneLine(s.title)}\n`
  if (s.byteRange !== undefined) out += `#EXT-X-BYTERANGE:${byteRange(s.byteRange)}\n`
  return `${out}${oneLine(s.uri)}\n`
}

function partial(p: PartialSegment): string {
  let out = `#EXT-X-PART:DURATION=${p.duration.toFixed(6)},URI=${quoted(p.uri)}`
  if (p.byteRange !== undefined) out += `,BYTERANGE="${byteRange(p.byteRange)}"`
  if (p.independent) out += ',INDEPENDENT=YES'
  if (p.gap) out += ',GAP=YES'
  return `${out}\n`
}

function rendition(r: Rendition): string {
  let out = `#EXT-X-MEDIA:TYPE=${r.type},GROUP-ID=${quoted(r.groupId)},NAME=${quoted(r.name)}`
  if (r.language !== undefined) out += `,LANGUAGE=${quoted(r.language)}`
  // AUTOSELECT must be YES where DEFAULT is (§4.4.6.1).
  out += `,DEFAULT=${yesNo(r.default)},AUTOSELECT=${yesNo(r.autoselect || r.default)}`
  if (r.forced !== undefined) out += `,FORCED=${yesNo(r.forced)}`
  if (r.channels !== undefined) out += `,CHANNELS=${quoted(r.channels)}`
  if (r.uri !== undefined) out += `,URI=${quoted(r.uri)}`
  return `${out}\n`
}

function variant(v: Variant): string {
  let out = `#EXT-X-STREAM-INF:BANDWIDTH=${Math.ceil(v.bandwidth)}`
  if (v.averageBandwidth !== undefined) out += `,AVERAGE-BANDWIDTH=${Math.ceil(v.averageBandwidth)}`
  if (v.codecs !== undefined && v.codecs.length > 0) out += `,CODECS=${quoted(v.codecs.join(','))}`
  if (v.resolution !== undefined) out += `,RESOLUTION=${v.resolution.width}x${v.resolution.height}`
  if (v.frameRate !== undefined) out += `,FRAME-RATE=${v.frameRate.toFixed(3)}`
  if (v.videoRange !== undefined) out += `,VIDEO-RANGE=${v.videoRange}`
  if (v.audio !== undefined) out += `,AUDIO=${quoted(v.audio)}`
  if (v.subtitles !== undefined) out += `,SUBTITLES=${quoted(v.subtitles)}`
  if (v.closedCaptions !== undefined) {
    // The one attribute that is either a quoted string or the enumerated NONE (§4.4.6.2).
    out += `,CLOSED-CAPTIONS=${v.closedCaptions === 'NONE' ? 'NONE' : quoted(v.closedCaptions)}`
  }
  return `${out}\n${oneLine(v.uri)}\n`
}

function byteRange(r: ByteRange): string {
  return r.start === undefined ? String(r.length) : `${r.length}@${r.start}`
}

/** Shortest form without an exponent, at most microseconds: for the few declared constants. */
function decimal(seconds: number): string {
  return String(Math.round(seconds * 1e6) / 1e6)
}

function yesNo(value: boolean): string {
  return value ? 'YES' : 'NO'
}

function quoted(text: string): string {
  if (text.includes('"')) throw new MediaError('malformed', 'hls: a quoted string cannot hold a quote (§4.2)')
  return `"${oneLine(text)}"`
}

function oneLine(text: string): string {
  if (text.includes('\n') || text.includes('\r')) {
    throw new MediaError('malformed', 'hls: a line break within a value (§4.1)')
  }
  return text
}
