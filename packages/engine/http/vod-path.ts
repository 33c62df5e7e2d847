import { entrances } from './live-path.ts'
import { isPlainName, readPathNames } from './path-names.ts'

/** What a URL under `/vod/` names. */
export type VodResource = { readonly assetId: string } & (
  | { readonly kind: 'multivariant' | 'manifest' | 'clock' | 'download' }
  | { readonly kind: 'file'; readonly rendition: string; readonly file: string }
)

const idName = /^[a-z0-9][a-z0-9_-]{0,63}$/

/**
 * Reads the path of a replay: `/vod/{asset}/index.m3u8`, also `manifest.mpd`, `time`, `download.mp4`, `/vod/{asset}/{rendition}/{file}`, each
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
    case 1: {
      const kind = first === 'download.mp4' ? 'download' : entrances.get(first)
      return kind && { kind, assetId }
    }
    case 2:
      return rest.every(isPlainName) ? { kind: 'file', assetId, rendition: first, file: second } : undefined
    default:
      return undefined
  }
}
