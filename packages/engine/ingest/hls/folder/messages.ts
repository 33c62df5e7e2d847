import type { FileRange } from '../follow.ts'

/** What the thread of a folder is started with. */
export interface FolderStart {
  /** As configured; need not exist yet. */
  readonly folder: string
  readonly playlistBytes: number
  readonly fileBytes: number
  /** Playlists that are told of in a listing, at the most. */
  readonly listed: number
}

/** One look at the folder; answered by one {@link Looked}. */
export interface Look {
  /** Names of playlists; the bytes come when they have changed since they last came. */
  readonly playlists: readonly string[]
  readonly files: readonly { readonly name: string; readonly range?: FileRange }[]
  /** The folder's own playlists are to be listed too. */
  readonly list: boolean
}

/**
 * What is there of a file. `unsettled`: it was not the same at the look before, so it may be being written. `same`: a playlist that has
 * come already.
 */
export type Found =
  | { readonly state: 'read'; readonly bytes: Uint8Array; readonly version: string; readonly stamp: number }
  | { readonly state: 'missing' | 'unsettled' | 'same' }
  /** It is there and is not read; what is wrong with it. */
  | { readonly state: 'refused'; readonly reason: string }

export interface Looked {
  readonly kind: 'looked'
  /** Why the folder itself cannot be read: the code of the system's error. */
  readonly failure?: string
  readonly listing: readonly string[]
  readonly playlists: readonly Found[]
  readonly files: readonly Found[]
}

/** The system tells of a change; where it cannot (network mounts) there are only the looks. */
export interface Changed {
  readonly kind: 'changed'
}
