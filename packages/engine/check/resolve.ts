/**
 * Resolves a URI of a playlist. One that cannot be resolved gets an address of its own that nothing answers, so that it is
 * reported as unreachable.
 */
export function resolveUri(uri: string, base: string): URL {
  return URL.parse(uri, base) ?? new URL(`invalid:///${encodeURIComponent(uri)}`)
}
