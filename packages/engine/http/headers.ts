/**
 * Headers as flat lists, made once: an answer appends its length and is sent.
 */

/** Any page may play our media. What a player reads of an answer must be named for it to see it (Fetch §3.3.7). */
export const cors: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Content-Length, Content-Range, Date, ETag, Age, Retry-After',
]

/** Answer to a preflight request: what players send. Without a length, which a 204 must not have (RFC 9110 §8.6). */
export const preflight: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Allow-Methods',
  'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers',
  'Authorization, Range, If-None-Match, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, X-Playback-Session-Id',
  'Access-Control-Max-Age',
  '86400',
]

export const cacheControl = {
  /** Parts, segments and initialisation segments: their names are never used again. */
  immutable: 'public, max-age=86400, immutable',
  none: 'no-store',
  /** Shields the origin from a crowd asking for the same missing thing. */
  second: 'public, max-age=1',
  /** A second in caches that many share, none in a browser's. */
  shared: 'public, max-age=0, s-maxage=1',
  seconds: (seconds: number) => `public, max-age=${Math.max(1, Math.floor(seconds))}`,
} as const

export const contentType = {
  playlist: 'application/vnd.apple.mpegurl',
  manifest: 'application/dash+xml',
  mp4: 'video/mp4',
  problem: 'application/problem+json',
} as const

/** All headers but the length for a body of this type and caching. */
export function headerSet(type: string, cache: string, ...more: string[]): readonly string[] {
  return ['Content-Type', type, 'Cache-Control', cache, ...cors, ...more]
}

/** Parts, segments, initialisation segments. */
export const mediaHeaders = headerSet(contentType.mp4, cacheControl.immutable, 'Accept-Ranges', 'bytes')
