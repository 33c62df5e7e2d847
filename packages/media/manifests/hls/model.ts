/**
 * HLS playlists as values (RFC 8216bis, draft-pantos-hls-rfc8216bis). Durations in seconds, dates in Unix
 * milliseconds, URIs as written (not resolved).
 */
export interface MediaPlaylist {
  /** EXT-X-VERSION; 1 when the tag is absent. */
  readonly version: number
  /** EXT-X-TARGETDURATION. */
  readonly targetDuration: number
  /** PART-TARGET of EXT-X-PART-INF. */
  readonly partTarget?: number
  readonly serverControl?: ServerControl
  /** EXT-X-MEDIA-SEQUENCE: of the first segment that would be listed if nothing were skipped. */
  readonly mediaSequence: number
  readonly discontinuitySequence: number
  readonly playlistType?: 'EVENT' | 'VOD'
  /** EXT-X-INDEPENDENT-SEGMENTS. */
  readonly independentSegments: boolean
  readonly iFramesOnly: boolean
  /** TIME-OFFSET of EXT-X-START, seconds from the first segment. Printed; what others say is passed over. */
  readonly startOffset?: number
  /** SKIPPED-SEGMENTS of EXT-X-SKIP in a delta update. */
  readonly skippedSegments?: number
  readonly segments: readonly MediaSegment[]
  /** Parts after the last complete segment. */
  readonly trailingParts: readonly PartialSegment[]
  /** Tags that stand before the first trailing part: discontinuity, map and date of the segment in the making. */
  readonly trailingHead?: SegmentHead
  readonly preloadHint?: PreloadHint
  readonly renditionReports: readonly RenditionReport[]
  readonly endList: boolean
}

export interface ServerControl {
  readonly canBlockReload: boolean
  /** Seconds. */
  readonly holdBack?: number
  readonly partHoldBack?: number
  readonly canSkipUntil?: number
  readonly canSkipDateRanges?: boolean
}

export interface SegmentHead {
  readonly discontinuity: boolean
  /** EXT-X-MAP when it changes here (printed only then); a delta update repeats it as needed. */
  readonly map?: MediaMap
  /** EXT-X-PROGRAM-DATE-TIME, Unix milliseconds. */
  readonly programDateTime?: number
}

export interface MediaSegment extends SegmentHead {
  readonly uri: string
  readonly duration: number
  readonly title?: string
  readonly gap: boolean
  readonly byteRange?: ByteRange
  /** EXT-X-BITRATE in kbit/s. */
  readonly bitrate?: number
  /** Its pictures do not begin with a key frame: a comment of our own, see {@link DEPENDENT}. */
  readonly independent?: false
  /** The next segment of the best rendition does not begin with a key frame: another comment of our own, see {@link NEXT_DEPENDENT}. */
  readonly nextIndependent?: false
  /** Listed near the live edge only (within 3 target durations of the end). */
  readonly parts: readonly PartialSegment[]
}

/**
 * Stands before the EXTINF of a segment that does not begin with a key frame, where the playlist knows. RFC 8216bis has
 * INDEPENDENT for parts, which are listed near the live edge only, and EXT-X-INDEPENDENT-SEGMENTS for all segments at once;
 * other players ignore the line as a comment (§4.1).
 */
export const DEPENDENT = '#BANDSTAND-INDEPENDENT:NO'

/**
 * Stands before the EXTINF of a segment behind which the pictures that all renditions are made of have no key frame, in all
 * of their playlists: a player that goes on in a better one there shows nothing until the next key frame.
 */
export const NEXT_DEPENDENT = '#BANDSTAND-NEXT-INDEPENDENT:NO'

export interface PartialSegment {
  readonly uri: string
  readonly duration: number
  readonly independent: boolean
  readonly gap: boolean
  readonly byteRange?: ByteRange
}

export interface ByteRange {
  readonly length: number
  readonly start?: number
}

export interface MediaMap {
  readonly uri: string
  readonly byteRange?: ByteRange
}

export interface PreloadHint {
  readonly type: 'PART' | 'MAP'
  readonly uri: string
  /** BYTERANGE-START in bytes, where the hint is of a growing resource. */
  readonly byteRangeStart?: number
}

export interface RenditionReport {
  readonly uri: string
  readonly lastMsn?: number
  readonly lastPart?: number
}

export interface MultivariantPlaylist {
  readonly version: number
  readonly independentSegments: boolean
  readonly variants: readonly Variant[]
  readonly renditions: readonly Rendition[]
}

export interface Variant {
  readonly uri: string
  /** Peak bits per second, audio included. */
  readonly bandwidth: number
  readonly averageBandwidth?: number
  /** RFC 6381 strings. */
  readonly codecs?: readonly string[]
  readonly resolution?: { readonly width: number; readonly height: number }
  readonly frameRate?: number
  /** GROUP-ID of the audio renditions. */
  readonly audio?: string
  readonly subtitles?: string
  readonly closedCaptions?: string
  readonly videoRange?: 'SDR' | 'HLG' | 'PQ'
}

export interface Rendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS'
  readonly groupId: string
  readonly name: string
  readonly uri?: string
  readonly language?: string
  readonly default: boolean
  readonly autoselect: boolean
  readonly forced?: boolean
  readonly channels?: string
}
