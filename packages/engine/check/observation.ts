import type { InitSegment } from '@bandstand/media/containers/isobmff/parse-init.ts'
import type { PlaylistIssue } from '@bandstand/media/manifests/hls/issue.ts'
import type { MediaPlaylist, MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'

/** One answer of the server. Times are milliseconds of the check's clock. */
export interface Fetched {
  readonly url: string
  readonly method: string
  /** 0 when there was no answer; `failure` says why. */
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Decoded of its content coding; empty where only the figures were kept. */
  readonly body: Uint8Array
  /** Bytes of the decoded body. */
  readonly size: number
  readonly startedAt: number
  readonly endedAt: number
  readonly failure?: string
}

/** What was asked with delivery directives. */
export interface Directives {
  readonly msn?: number
  readonly part?: number
  readonly skip?: boolean
}

/** One reading of a media playlist. */
export interface Snapshot {
  readonly fetched: Fetched
  readonly directives: Directives
  readonly playlist: MediaPlaylist
  readonly issues: readonly PlaylistIssue[]
  readonly encrypted: boolean
  /** Why the text could not be read at all. */
  readonly unreadable?: string
  /** The answer was no text. */
  readonly notUtf8?: boolean
}

/** The times of one track within a part or segment, in seconds. */
export interface MediaTimes {
  readonly track: number
  readonly start: number
  readonly duration: number
  /** Of its longest sample. */
  readonly longest: number
  /** The first sample is a sync sample. */
  readonly startsWithKey: boolean
  /** Some sample is a sync sample. */
  readonly containsKey: boolean
}

/** A part, segment or initialisation segment that was read. */
export interface MediaObject {
  readonly kind: 'init' | 'part' | 'segment'
  /** Absolute, with `#first-last` where a byte range was asked for. */
  readonly key: string
  readonly fetched: Fetched
  /** SHA-256 of the bytes; empty without an answer of 2xx. */
  readonly digest: string
  /** Of an initialisation segment. */
  readonly init?: InitSegment
  /** Of fragmented MP4 whose initialisation segment is known. */
  readonly times?: MediaTimes
  /** The bytes contain a `moof` or `moov`: fragmented MP4. */
  readonly fragmented: boolean
  /** Why the bytes could not be read as fragmented MP4. */
  readonly unreadable?: string
  /** Was asked for because of a preload hint, before it was listed. */
  readonly hinted: boolean
}

/** A rendition over the time of the check. */
export interface RenditionWatch {
  /** As listed, resolved. */
  readonly url: string
  readonly role: 'variant' | 'rendition' | 'only'
  readonly snapshots: Snapshot[]
  /** Full and delta reading of one request, one right after the other. */
  readonly deltas: { readonly full: Snapshot; readonly delta: Snapshot }[]
  /** By key. */
  readonly objects: Map<string, MediaObject>
  /** The same keys, read again later. */
  readonly again: MediaObject[]
}

/** Single requests that a player does not make, to see what the server does. */
export interface Probes {
  farFuture?: Fetched
  partWithoutMsn?: Fetched
  missing?: Fetched
  range?: Fetched
  head?: Fetched
  /** What `head` is compared with. */
  get?: Fetched
}

export interface Observation {
  readonly url: string
  readonly top: Fetched
  /** Why the text of `top` could not be read at all. */
  readonly unreadable?: string
  readonly multivariant?: { readonly playlist: MultivariantPlaylist; readonly issues: readonly PlaylistIssue[] }
  readonly renditions: RenditionWatch[]
  readonly probes: Probes
  /** Each limit that was reached, in words. */
  readonly truncated: Set<string>
}
