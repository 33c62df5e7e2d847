/** Channels of an instance: all of them are kept in memory. */
export const CHANNELS_MAX = 500
/** Earlier slugs kept for one channel. */
export const ALIASES_MAX = 10
/** Recordings of a channel that are read at a time when all of them are deleted. */
export const ASSETS_AT_A_TIME = 1000
/** ms between two notes of a key's last use: an encoder that comes again and again writes no more often. */
export const KEY_USE_INTERVAL = 60_000
/** Bytes of offline images kept in memory. */
export const IMAGE_CACHE = 8 * 1024 * 1024
/** Pixels of an offline image: on each side, and in all. What is larger costs every viewer its decoded size in memory. */
export const IMAGE_SIDE_MAX = 8192
export const IMAGE_PIXELS_MAX = 40_000_000
/** Slugs that would be mistaken for a part of the server. */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  'admin api assets bandstand chat demo embed healthz ingest live me metrics new readyz settings static studio vod watch www'.split(
    ' ',
  ),
)
