import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { HLS_LIMITS } from '../limits.ts'

/** When a playlist is to be asked for again, and how. */
export interface Reload {
  /** ms from when the last answer was asked for. */
  readonly after: number
  /** Delivery directives (RFC 8216bis §6.2.5) that make the server wait until there is something new; empty where it cannot. */
  readonly query: string
  /** ms that it may take with it. */
  readonly headMs: number
}

/** Times of RFC 8216bis §6.3.4: a target duration after a state that was new, half of it after one that was not. */
export function reloadOf(playlist: MediaPlaylist, isNew: boolean): Reload {
  const target = playlist.targetDuration * 1000
  const { serverControl, partTarget, mediaSequence, segments, trailingParts, endList } = playlist
  if (serverControl?.canBlockReload === true && !endList) {
    const next = mediaSequence + segments.length
    const part = partTarget === undefined ? '' : `&_HLS_part=${trailingParts.length}`
    // It is to answer within three target durations (§6.2.5.2).
    return { after: HLS_LIMITS.reloadLeastMs, query: `_HLS_msn=${next}${part}`, headMs: 3 * target + HLS_LIMITS.headMs }
  }
  const period = endList ? target : (partTarget ?? playlist.targetDuration) * 1000
  const after = Math.max(HLS_LIMITS.reloadLeastMs, isNew ? period : period / 2)
  return { after, query: '', headMs: HLS_LIMITS.headMs }
}

/** The address with the directives among what it asks already. */
export function withQuery(url: string, query: string): string {
  if (query === '') return url
  const to = new URL(url)
  to.search = to.search === '' ? query : `${to.search}&${query}`
  return to.href
}

/** What may be said of an address in logs: without user, password and query, in which there are keys. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'no address'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
