import { MediaError } from '../../error.ts'
import { createIssueList, type IssueList, type PlaylistIssue } from './issue.ts'
import { limits } from './limits.ts'
import { type PlaylistLine, tagName } from './line.ts'
import { DEPENDENT, type MediaPlaylist, type MultivariantPlaylist, NEXT_DEPENDENT } from './model.ts'
import { parseMediaPlaylist } from './parse-media.ts'
import { parseMultivariantPlaylist } from './parse-multivariant.ts'

export type ParsedPlaylist = (
  | {
      readonly kind: 'media'
      readonly playlist: MediaPlaylist
      /** An EXT-X-KEY other than NONE: media bytes are not to be read. */
      readonly encrypted: boolean
    }
  | { readonly kind: 'multivariant'; readonly playlist: MultivariantPlaylist }
) & {
  /** What is wrong, in the order of lines; bounded. */
  readonly issues: readonly PlaylistIssue[]
  /** Issues beyond the bound. */
  readonly droppedIssues: number
}

/** CR and LF are gone by then; a tab is white space. */
const control = /[^\P{Cc}\t]/gu

const multivariantTag = /^#EXT-X-(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF|SESSION-DATA|SESSION-KEY|CONTENT-STEERING):/
const mediaTag =
  /^#(?:EXTINF:|EXT-X-(?:TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY|PART|MAP|ENDLIST|PLAYLIST-TYPE|SKIP|BYTERANGE)\b)/

/**
 * Reads any playlist (RFC 8216bis §4), strictly but never stopping: what is wrong is reported by rule and line, and the
 * model holds what could be made of the rest. Unknown tags, comments and attributes are ignored, as §6.3.1 demands.
 *
 * @throws MediaError `too-large` beyond the bounds of `limits.ts`, for nothing else.
 */
export function parsePlaylist(text: string): ParsedPlaylist {
  if (text.length > limits.text) throw new MediaError('too-large', `hls: more than ${limits.text} characters`)
  const issues = createIssueList()
  const lines = splitLines(text, issues)
  const isMultivariant = lines.some((l) => multivariantTag.test(l.text))
  if (isMultivariant) {
    const media = lines.find((l) => mediaTag.test(l.text))
    if (media !== undefined) issues.add('mixed-kind', `${tagName(media.text)} in a multivariant playlist`, media.number)
    const playlist = parseMultivariantPlaylist(lines, issues)
    return { kind: 'multivariant', playlist, issues: issues.found, droppedIssues: issues.dropped }
  }
  const { playlist, encrypted } = parseMediaPlaylist(lines, issues)
  return { kind: 'media', playlist, encrypted, issues: issues.found, droppedIssues: issues.dropped }
}

/** Lines with content, without their ends; checks what holds for every playlist (§4.1). */
function splitLines(text: string, issues: IssueList): PlaylistLine[] {
  const lines: PlaylistLine[] = []
  let number = 0
  let at = 0
  while (at < text.length) {
    if (++number > limits.lines) throw new MediaError('too-large', `hls: more than ${limits.lines} lines`)
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    if (end - at > limits.line)
      throw new MediaError('too-large', `hls: line ${number} exceeds ${limits.line} characters`)
    let line = text.slice(at, end > at && text[end - 1] === '\r' ? end - 1 : end)
    at = end + 1
    issues.line = number
    if (number === 1) {
      if (line.startsWith('\ufeff')) {
        issues.add('byte-order-mark', 'the text begins with a byte order mark')
        line = line.slice(1)
      }
      if (line !== '#EXTM3U') issues.add('first-line', `the first line is ${JSON.stringify(line.slice(0, 40))}`)
    }
    if (line.search(control) >= 0) {
      issues.add('control-character', 'a control character')
      line = line.replaceAll(control, '')
    }
    if (/^\s|\s$/.test(line) && line.trim() !== '') {
      if (!line.startsWith('#')) issues.add('leading-space', 'white space around a URI')
      else if (line.startsWith(' ')) issues.add('leading-space', 'white space before a tag')
      line = line.trim()
    }
    if (line === '' || line.trim() === '') continue
    // Comments are lines that begin with # but not with #EXT; two of them are our own.
    if (line.startsWith('#') && !line.startsWith('#EXT') && line !== DEPENDENT && line !== NEXT_DEPENDENT) continue
    lines.push({ number, text: line })
  }
  if (number === 0) issues.add('first-line', 'the playlist is empty', 1)
  return lines
}
