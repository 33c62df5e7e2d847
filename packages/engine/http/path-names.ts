import { limits } from './limits.ts'

/** The names of an address below `/live/` or `/vod/`. */
export interface PathNames {
  /** Channel or asset. */
  readonly owner: string
  /** What comes after the owner and, where there is one, the token. */
  readonly rest: readonly string[]
}

/** Our names hold nothing that needs escaping, so a percent sign cannot be part of one. */
const plainName = /^[a-z0-9][a-z0-9._-]{0,127}$/
const tokenName = /^[A-Za-z0-9._~-]+$/
/** Owner, `t`, token, asset, rendition, file, and one more to see that there is more. */
const mostNames = 7

export function isPlainName(name: string): boolean {
  return plainName.test(name)
}

/**
 * Reads `{prefix}{owner}/…` or `{prefix}{owner}/t/{token}/…`. Playlists hold relative URIs only, so a player keeps the
 * token of the first address for every other; what it means is a proxy's matter, here it is passed over.
 *
 * @param path without query.
 * @param prefix with slashes at both ends.
 * @returns `undefined` for another prefix and for what cannot be a token; the names themselves are not looked at.
 */
export function readPathNames(path: string, prefix: string): PathNames | undefined {
  if (!path.startsWith(prefix)) return undefined
  const [owner = '', ...rest] = path.slice(prefix.length).split('/', mostNames)
  if (rest[0] !== 't') return { owner, rest }
  const token = rest[1] ?? ''
  if (!tokenName.test(token) || token.length > limits.token) return undefined
  return { owner, rest: rest.slice(2) }
}
