import { parseAttributes } from './attributes.ts'
import type { IssueList } from './issue.ts'
import { limits } from './limits.ts'
import { type PlaylistLine, tagName, tagValue } from './line.ts'
import type { MultivariantPlaylist, Rendition, Variant } from './model.ts'
import { parseInteger } from './values.ts'

/** Multivariant playlist tags (RFC 8216bis §4.4.6); I-frame variants, session data and steering are passed over. */
export function parseMultivariantPlaylist(lines: readonly PlaylistLine[], issues: IssueList): MultivariantPlaylist {
  let version: number | undefined
  let independentSegments = false
  const variants: Variant[] = []
  const renditions: Rendition[] = []
  let pending: Omit<Variant, 'uri'> | undefined
  for (const { number, text } of lines) {
    issues.line = number
    if (!text.startsWith('#')) {
      if (pending === undefined) issues.add('tag-value', 'a URI without EXT-X-STREAM-INF before it')
      else if (variants.length < limits.entries) variants.push({ uri: text, ...pending })
      pending = undefined
      continue
    }
    if (pending !== undefined) {
      // §4.4.6.2: the URI line that follows is required.
      issues.add('segment-without-uri', 'EXT-X-STREAM-INF is not followed by its URI')
      pending = undefined
    }
    switch (tagName(text)) {
      case '#EXT-X-VERSION':
        if (version !== undefined) issues.add('duplicate-tag', 'EXT-X-VERSION appears twice')
        version = parseInteger(tagValue(text))
        if (version === undefined) issues.add('tag-value', 'EXT-X-VERSION must be an integer')
        break
      case '#EXT-X-INDEPENDENT-SEGMENTS':
        independentSegments = true
        break
      case '#EXT-X-STREAM-INF':
        pending = parseVariant(tagValue(text), issues)
        break
      case '#EXT-X-MEDIA': {
        const rendition = parseRendition(tagValue(text), issues)
        if (rendition !== undefined && renditions.length < limits.entries) renditions.push(rendition)
        break
      }
    }
  }
  if (pending !== undefined) issues.add('segment-without-uri', 'EXT-X-STREAM-INF is not followed by its URI')
  return { version: version ?? 1, independentSegments, variants, renditions }
}

function parseVariant(value: string, issues: IssueList): Omit<Variant, 'uri'> {
  const a = parseAttributes(value, issues)
  const averageBandwidth = a.integer('AVERAGE-BANDWIDTH')
  const codecs = a.quoted('CODECS')
  const resolution = a.resolution('RESOLUTION')
  const frameRate = a.decimal('FRAME-RATE')
  const audio = a.quoted('AUDIO')
  const subtitles = a.quoted('SUBTITLES')
  const closedCaptions = a.quotedOrNone('CLOSED-CAPTIONS')
  const videoRange = a.enumerated('VIDEO-RANGE', ['SDR', 'HLG', 'PQ'])
  return {
    bandwidth: a.integer('BANDWIDTH', 'required') ?? 0,
    ...(averageBandwidth !== undefined && { averageBandwidth }),
    ...(codecs !== undefined && { codecs: codecs.split(',').map((c) => c.trim()) }),
    ...(resolution !== undefined && { resolution }),
    ...(frameRate !== undefined && { frameRate }),
    ...(audio !== undefined && { audio }),
    ...(subtitles !== undefined && { subtitles }),
    ...(closedCaptions !== undefined && { closedCaptions }),
    ...(videoRange !== undefined && { videoRange }),
  }
}

function parseRendition(value: string, issues: IssueList): Rendition | undefined {
  const a = parseAttributes(value, issues)
  const type = a.enumerated('TYPE', ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'], 'required')
  const groupId = a.quoted('GROUP-ID', 'required')
  const name = a.quoted('NAME', 'required')
  const uri = a.quoted('URI')
  const language = a.quoted('LANGUAGE')
  const channels = a.quoted('CHANNELS')
  const isDefault = a.flag('DEFAULT')
  if (type === 'CLOSED-CAPTIONS') a.quoted('INSTREAM-ID', 'required')
  if (isDefault && a.names.has('AUTOSELECT') && !a.flag('AUTOSELECT')) {
    issues.add('attribute-value', 'AUTOSELECT must be YES where DEFAULT is')
  }
  if (type === undefined || groupId === undefined || name === undefined) return undefined
  if (type === 'CLOSED-CAPTIONS' && uri !== undefined) issues.add('media-uri', 'closed captions must not have a URI')
  if (type === 'SUBTITLES' && uri === undefined) issues.add('media-uri', 'subtitles must have a URI')
  return {
    type,
    groupId,
    name,
    ...(uri !== undefined && { uri }),
    ...(language !== undefined && { language }),
    default: isDefault,
    autoselect: a.flag('AUTOSELECT'),
    ...(a.names.has('FORCED') && { forced: a.flag('FORCED') }),
    ...(channels !== undefined && { channels }),
  }
}
