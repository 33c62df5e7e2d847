import { limits } from './limits.ts'

/** What a URL under `/live/` names. */
export type LiveResource =
  | { readonly kind: 'multivariant'; readonly channel: string }
  | {
      readonly kind: 'file'
      readonly channel: string
      readonly assetId: string
      readonly rendition: string
      readonly file: string
    }

const prefix = '/live/'
/** Our names hold nothing that needs escaping, so a percent sign cannot be part of one. */
const plainName = /^[a-z0-9][a-z0-9._-]{0,127}$/
const tokenName = /^[A-Za-z0-9._~-]+$/

/**
 * Reads the path of a live address: `/live/{channel}/index.m3u8` or `/live/{channel}/{assetId}/{rendition}/{file}`, each
 * also with `t/{token}/` after the channel. Playlists hold relative URIs only, so a player keeps the token of the first
 * address for every other; what the token means is a proxy's matter, here it is opaque.
 *
 * @param path without query.
 * @returns `undefined` for every other address; the caller leaves those to others.
 */
export function parseLivePath(path: string): LiveResource | undefined {
  if (!path.startsWith(prefix)) return undefined
  const names = path.slice(prefix.length).split('/', 7)
  const channel = names[0] ?? ''
  let at = 1
  if (names[1] === 't') {
    const token = names[2] ?? ''
    if (!tokenName.test(token) || token.length > limits.token) return undefined
    at = 3
  }
  const rest = names.length - at
  if (!plainName.test(channel)) return undefined
  if (rest === 1 && names[at] === 'index.m3u8') return { kind: 'multivariant', channel }
  if (rest !== 3) return undefined
  const [assetId = '', rendition = '', file = ''] = names.slice(at)
  if (!plainName.test(assetId) || !plainName.test(rendition) || !plainName.test(file)) return undefined
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
