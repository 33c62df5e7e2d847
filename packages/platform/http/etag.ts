/**
 * Whether the browser has this very answer: `If-None-Match` names it (RFC 9110 §13.1.2, weak comparison).
 *
 * @param etag quoted, without `W/`
 */
export function isKnown(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) ?? false
}
