/**
 * Content security policies. The pages' own scripts are files of this server and nothing else; media-chrome and Lit put
 * styles into shadow roots, which needs inline styles.
 */
const own = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  // Media Source Extensions play from blob: addresses.
  "media-src 'self' blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
]

export type PageKind = 'page' | 'embed' | 'studio' | 'owner'

/** @returns the value of `Content-Security-Policy`; the owner's own pages may load what they like from where they like */
export function policyOf(kind: PageKind): string {
  switch (kind) {
    case 'studio':
      return [
        ...own.filter((rule) => !rule.startsWith('connect-src')),
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ].join('; ')
    case 'embed':
      return [...own, 'frame-ancestors *'].join('; ')
    case 'page':
      return [...own, "frame-ancestors 'self'"].join('; ')
    case 'owner':
      break
  }
  return "object-src 'none'; base-uri 'self'"
}
