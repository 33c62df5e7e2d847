/** What a request says about the page it comes from. */
export interface RequestSource {
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`. */
  readonly site: string | undefined
  /** Host and port that the request was sent to, as a proxy that is trusted says it. */
  readonly host: string
  /** Address that viewers use, where it is configured. */
  readonly publicUrl: string | undefined
}

/**
 * Whether a request that changes something, or that a cookie speaks for, comes from a page of ours or from no page at all.
 * Browsers send `Origin` with every such request (Fetch Standard, 3.1); programs send none and hold no one else's cookies.
 */
export function isOwnOrigin({ origin, site, host, publicUrl }: RequestSource): boolean {
  if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none'
  if (!URL.canParse(origin)) return false
  const from = new URL(origin)
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return false
  if (publicUrl !== undefined && from.origin === new URL(publicUrl).origin) return true
  // The scheme is not compared: behind a proxy that ends TLS it is not known. `https:` drops the default port of neither side.
  return from.host === host.toLowerCase() || from.host === host.toLowerCase().replace(/:(80|443)$/, '')
}
