/**
 * What the HTTP side sees of a running (or just ended) broadcast. Implemented by the packager; nothing here copies
 * media: bodies are buffers made once, however many watch.
 */

/** A playlist or manifest, rendered once per version. */
export interface RenderedText {
  readonly plain: Buffer
  /** Compressed at most once, on first demand. */
  gzip(): Promise<Buffer>
  /** What `gzip` gives, as soon as it is there. */
  readonly gzipped: Buffer | undefined
  /** Strong validator, quoted. */
  readonly etag: string
}

/** Outcome of asking for a media playlist with delivery directives (RFC 8216bis §6.2.5). */
export type PlaylistAnswer =
  | {
      readonly kind: 'now'
      readonly playlist: RenderedText /** true when the answer of this URL never changes */
      readonly blocking: boolean
    }
  /** Resolves when the playlist holds what was asked for, or `undefined` after 3 target durations (503). */
  | {
      readonly kind: 'wait'
      readonly ready: Promise<RenderedText | undefined> /** as above */
      readonly blocking: boolean
    }
  /** 400: asked too far ahead, or directives that contradict each other; the text says which. */
  | { readonly kind: 'bad-request'; readonly reason: string }
  /** 503: too many different things are waited for. */
  | { readonly kind: 'busy' }

export interface PlaylistDirectives {
  readonly msn?: number
  readonly part?: number
  /** `_HLS_skip=YES` or `v2`. */
  readonly skip?: boolean
}

/** Bytes of a part, a segment or an initialisation segment. */
export type MediaAnswer =
  /** One list of buffers, to be written in order. `total` bytes in all. */
  | { readonly kind: 'now'; readonly chunks: readonly Uint8Array[]; readonly total: number }
  /**
   * Not in memory or not ready: resolves `undefined` when it is not to be had (404), rejects when the store cannot say that it
   * is or gives no answer within 3 target durations (503).
   */
  | { readonly kind: 'wait'; readonly ready: Promise<AwaitedMedia | undefined> }
  /** A segment in the making. */
  | { readonly kind: 'growing'; readonly media: GrowingMedia }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'busy' }

/** A segment that is sent while it is made. */
export interface GrowingMedia {
  /** @param place parts that have been taken already. */
  from(place: number): GrowingStep
}

export type GrowingStep =
  /** Parts that are there; the next step is `from(next)`. */
  | { readonly kind: 'parts'; readonly chunks: readonly Uint8Array[]; readonly total: number; readonly next: number }
  /** Resolves when there may be more. Who has waited and finds no more gives up. One promise for all who wait. */
  | { readonly kind: 'wait'; readonly ready: Promise<unknown> }
  /** Nothing more comes: it is whole. */
  | { readonly kind: 'end' }
  /** The rest of it is not to be had. */
  | { readonly kind: 'lost' }

/** Bytes that were waited for. */
export interface AwaitedMedia {
  readonly chunks: readonly Uint8Array[]
  readonly total: number
  /** When the part was closed, Unix milliseconds; not for what was read from the store. */
  readonly closedAt?: number
  /** Was read from the store for those who asked at the same time: it is in no memory but theirs. */
  readonly isStored?: boolean
}

export interface LiveRendition {
  /** `v1`, `a2`. */
  readonly name: string
  playlist(directives: PlaylistDirectives): PlaylistAnswer
  /** By file name inside the rendition's folder, as listed in its playlist. */
  media(fileName: string): MediaAnswer
}

export interface LiveBroadcast {
  /** Asset id; the folder under `/live/{channel}/`. */
  readonly assetId: string
  /** Declared once, in seconds; response deadlines and cache times derive from it. */
  readonly targetDuration: number
  readonly ended: boolean
  /** `undefined` until the first epoch has opened. */
  multivariant(): RenderedText | undefined
  /** The DASH manifest of the same segments; `undefined` until the first one is whole. */
  manifest(): RenderedText | undefined
  /** Something is made on demand that a manifest should list: resolves, within seconds, when it does or is not to come. */
  manifestSoon(): Promise<unknown> | undefined
  rendition(name: string): LiveRendition | undefined
  /** Where the newest key frame is, for pictures; `undefined` when none is in memory. */
  keyFrame(): KeyFramePlace | undefined
}

/** Names for {@link LiveBroadcast.rendition} and {@link LiveRendition.media}. */
export interface KeyFramePlace {
  readonly rendition: string
  readonly init: string
  /** Begins with the key frame. */
  readonly part: string
}
