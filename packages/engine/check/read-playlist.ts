import { MediaError } from '@bandstand/media/error.ts'
import { type ParsedPlaylist, parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Fetched } from './observation.ts'

/** What an answer holds: a playlist, or why the parser refuses it; neither where there is no text at all. */
export interface PlaylistReading {
  readonly parsed?: ParsedPlaylist
  /** The text is beyond the parser's bounds: most likely a page of another kind. */
  readonly unreadable?: string
  /** There is an answer, and it is no text. */
  readonly notUtf8?: boolean
}

/** Reads an answer of 200 as a playlist. Throws nothing: what another server sends is never this command's fault. */
export function readPlaylist(fetched: Fetched): PlaylistReading {
  if (fetched.status !== 200) return {}
  const text = decode(fetched.body)
  if (text === undefined) return { notUtf8: true }
  try {
    return { parsed: parsePlaylist(text) }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { unreadable: error.message }
  }
}

/** UTF-8 with any byte order mark left in, for the parser to see (RFC 8216bis §4.1). */
export function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}
