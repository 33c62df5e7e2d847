import { CLOCK_NAME } from '../dash/manifest.ts'
import { isPlainName, readPathNames } from './path-names.ts'

/** Addresses from which all others are found; those of replays have the same names. */
export const entrances = new Map<string, 'multivariant' | 'manifest' | 'clock'>([
  ['index.m3u8', 'multivariant'],
  ['manifest.mpd', 'manifest'],
  [CLOCK_NAME, 'clock'],
])

/** What a URL under `/live/` names. */
export type LiveResource =
  | { readonly kind: 'multivariant' | 'manifest' | 'clock'; readonly channel: string }
  | {
      readonly kind: 'file'
      readonly channel: string
      readonly assetId: string
      readonly rendition: string
      readonly file: string
    }

/**
 * Reads the path of a live address: `/live/{channel}/index.m3u8`, `manifest.mpd` or `time` there, or
 * `/live/{channel}/{assetId}/{rendition}/{file}`, each also with `t/{token}/` after the channel.
 *
 * @param path without query.
 * @returns `undefined` for every other address; the caller leaves those to others.
 */
export function parseLivePath(path: string): LiveResource | undefined {
  const names = readPathNames(path, '/live/')
  if (names === undefined || !isPlainName(names.owner)) return undefined
  const { owner: channel, rest } = names
  if (rest.length === 1) {
    const kind = entrances.get(rest[0] ?? '')
    return kind && { kind, channel }
  }
  if (rest.length !== 3 || !rest.every(isPlainName)) return undefined
  const [assetId = '', rendition = '', file = ''] = rest
  return { kind: 'file', channel, assetId, rendition, file }
}

/** Path and query of a request target; the absolute form is accepted as RFC 9112 §3.2.2 demands. */
export function splitTarget(url: string): { path: string; query: string } {
  let from = 0
  if (!url.startsWith('/')) {
    const scheme = url.indexOf('://')
    const slash = scheme < 0 ? -1 : url.indexOf('/', scheme + 3)
    if (slash < 0) return { path: '', query: '' }
    from = slash
  }
  const mark = url.indexOf('?', from)
  return mark < 0 ? { path: url.slice(from), query: '' } : { path: url.slice(from, mark), query: url.slice(mark + 1) }
}
