import { limits } from './limits.ts'

/** What a URL under `/vod/` names. */
export type VodResource = { readonly assetId: string } & (
  | { readonly kind: 'multivariant' }
  | { readonly kind: 'download' }
  | { readonly kind: 'file'; readonly rendition: string; readonly file: string }
)

const prefix = '/vod/'
const plainName = /^[a-z0-9][a-z0-9._-]{0,127}$/
const idName = /^[a-z0-9][a-z0-9_-]{0,63}$/
const tokenName = /^[A-Za-z0-9._~-]+$/

/**
 * Reads the path of a replay: `/vod/{asset}/index.m3u8`, `/vod/{asset}/download.mp4`, `/vod/{asset}/{rendition}/{file}`, each
 * also with `t/{token}/` after the asset.
 *
 * @param path without query.
 * @returns `undefined` for every other address; the caller leaves those to others.
 */
export function parseVodPath(path: string): VodResource | undefined {
  if (!path.startsWith(prefix)) return undefined
  const names = path.slice(prefix.length).split('/', 6)
  const assetId = names[0] ?? ''
  if (!idName.test(assetId)) return undefined
  let at = 1
  if (names[1] === 't') {
    const token = names[2] ?? ''
    if (!tokenName.test(token) || token.length > limits.token) return undefined
    at = 3
  }
  const [first = '', second = ''] = names.slice(at)
  switch (names.length - at) {
    case 1:
      if (first === 'index.m3u8') return { kind: 'multivariant', assetId }
      return first === 'download.mp4' ? { kind: 'download', assetId } : undefined
    case 2:
      if (!plainName.test(first) || !plainName.test(second)) return undefined
      return { kind: 'file', assetId, rendition: first, file: second }
    default:
      return undefined
  }
}
