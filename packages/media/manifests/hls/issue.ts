import { limits } from './limits.ts'

/**
 * What can be wrong with one playlist's text, and where the rule stands. Sections are of draft-pantos-hls-rfc8216bis-20,
 * each a MUST there but for `playlistAdvice`.
 */
export const playlistRules = {
  'first-line': '§4.4.1.1: EXTM3U must be the first line',
  'byte-order-mark': '§4.1: no byte order mark',
  'control-character': '§4.1: no control characters but CR and LF',
  'mixed-kind': '§4.4.3, §4.4.4, §4.4.6: media and multivariant tags exclude each other',
  'leading-space': '§4.1: no white space but where it is specified',
  'duplicate-tag': '§4.4.1.2, §4.4.2, §4.4.3, §4.4.5: this tag must not appear more than once',
  'late-tag': '§4.4.3.2, §4.4.3.3: must come before the first segment or discontinuity',
  'tag-value': '§4.4: the tag’s value has not the form given there',
  'attribute-syntax': '§4.2: attribute lists are NAME=VALUE separated by commas',
  'attribute-duplicate': '§4.2: an attribute name may appear once in a list',
  'attribute-missing': '§4.4: a required attribute is missing',
  'attribute-value': '§4.2, §4.4: the attribute’s value has not the type given there',
  'version-too-low': '§8: a feature needs a higher EXT-X-VERSION',
  'target-duration-missing': '§4.4.3.1: EXT-X-TARGETDURATION is required',
  'segment-without-duration': '§4.4.4.1: every segment needs an EXTINF',
  'segment-without-uri': '§4.4.4, §4.4.6.2: the URI line that the tags apply to does not come',
  'segment-too-long': '§4.4.3.1: a segment’s duration, rounded, must not exceed the target duration',
  'part-without-target': '§4.4.3.7: EXT-X-PART-INF is required where there are parts',
  'part-too-long': '§4.4.4.9: a part must not be longer than the part target duration',
  'part-too-short': '§4.4.4.9: a part must be at least 85 % of the part target duration',
  'byte-range-start': '§4.4.4.2: without an offset the range before must be of the same resource',
  'media-uri': '§4.4.6.2.1: EXT-X-MEDIA needs a URI for subtitles, and must have none for closed captions',
  'hint-after-end': '§4.4.5.3: a playlist with EXT-X-ENDLIST has no EXT-X-PRELOAD-HINT',
  'hint-duplicate': '§6.2.6: there should be one EXT-X-PRELOAD-HINT of each type',
  'skip-misplaced': '§4.4.5.2, §6.2.5.1: EXT-X-SKIP stands where the oldest segments stood, before all others',
} as const

export type PlaylistRule = keyof typeof playlistRules

/** Rules behind which stands a SHOULD. */
export const playlistAdvice: ReadonlySet<PlaylistRule> = new Set(['hint-duplicate'])

export interface PlaylistIssue {
  readonly rule: PlaylistRule
  /** Counted from 1; 0 where no line is to blame. */
  readonly line: number
  readonly message: string
}

/** Collects issues up to the limit; further ones are only counted. */
export interface IssueList {
  readonly found: readonly PlaylistIssue[]
  readonly dropped: number
  /** Line that `add` reports for; the parser moves it. */
  line: number
  add(rule: PlaylistRule, message: string, line?: number): void
}

export function createIssueList(): IssueList {
  const found: PlaylistIssue[] = []
  const list: { found: PlaylistIssue[]; dropped: number; line: number; add: IssueList['add'] } = {
    found,
    dropped: 0,
    line: 0,
    add(rule: PlaylistRule, message: string, line = list.line) {
      if (found.length < limits.issues) found.push({ rule, line, message })
      else list.dropped++
    },
  }
  return list
}
