import { isPlainName, readPathNames } from './path-names.ts'

/** What a URL under `/vod/` names. */
export type VodResource = { readonly assetId: string } & (
  | { readonly kind: 'multivariant' }
  | { readonly kind: 'download' }
  | { readonly kind: 'file'; readonly rendition: string; readonly file: string }
)

const idName = /^[a-z0-9][a-z0-9_-]{0,63}$/

/**
 * Reads the path of a replay: `/vod/{asset}/index.m3u8`, `/vod/{asset}/download.mp4`, `/vod/{asset}/{rendition}/{file}`, each
 * also with `t/{token}/` after the asset.
 *
 * @param path without query.
 * @returns `undefined` for every other address; the caller leaves those to others.
 */
export function parseVodPath(path: string): VodResource | undefined {
  const names = readPathNames(path, '/vod/')
  if (names === undefined || !idName.test(names.owner)) return undefined
  const { owner: assetId, rest } = names
  const [first = '', second = ''] = rest
  switch (rest.length) {
    case 1:
      if (first === 'index.m3u8') return { kind: 'multivariant', assetId }
      return first === 'download.mp4' ? { kind: 'download', assetId } : undefined
    case 2:
      return rest.every(isPlainName) ? { kind: 'file', assetId, rendition: first, file: second } : undefined
    default:
      return undefined
  }
}
