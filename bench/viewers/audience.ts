import { createFigures, type Figures } from './figures.ts'
import { createPlaylistVersions, type PlaylistVersions } from './playlist-versions.ts'

/** What all viewers of one address share. */
export interface Audience {
  /** Of the multivariant playlist. */
  readonly origin: URL
  readonly figures: Figures
  readonly versions: PlaylistVersions
  /** False ends them. */
  on: boolean
  /** What closes the connections of each. */
  readonly closers: (() => void)[]
}

export function createAudience(origin: URL): Audience {
  return { origin, figures: createFigures(), versions: createPlaylistVersions(origin.host), on: true, closers: [] }
}
