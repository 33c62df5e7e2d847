/** Bounds of one check. */
export const limits = {
  /** Bytes of one answer. */
  body: 64 * 1024 * 1024,
  /** Bytes of media read in all. */
  media: 512 * 1024 * 1024,
  /** Media objects (initialisation segments, segments, parts) of one rendition. */
  objects: 4_000,
  /** Playlists kept of one rendition. */
  snapshots: 2_000,
  /** Renditions watched; further ones are not looked at. */
  renditions: 8,
  /** One request, in milliseconds, besides what a blocking reload may take. */
  request: 15_000,
  /** Findings shown of one rule; the rest is counted. */
  findingsPerRule: 5,
} as const

/** Those that say how much of a stream is looked at. */
export type Limits = Readonly<Record<'media' | 'objects' | 'snapshots' | 'renditions', number>>
