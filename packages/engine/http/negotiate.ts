/**
 * True when `If-None-Match` names this entity (RFC 9110 §13.1.2, weak comparison).
 *
 * @param etag quoted, without `W/`; undefined of what has none, which `*` alone names.
 */
export function etagMatches(header: string | undefined, etag: string | undefined): boolean {
  if (header === undefined) return false
  if (header === etag || header === '*') return true
  for (const raw of header.split(',')) {
    const candidate = raw.trim()
    if ((candidate.startsWith('W/') ? candidate.slice(2) : candidate) === etag) return true
  }
  return false
}

/**
 * True unless `If-Match` asks for other entities than this (RFC 9110 §13.1.1, strong comparison).
 *
 * @param etag quoted, without `W/`; undefined of what has none, which `*` alone names.
 */
export function etagHolds(header: string | undefined, etag: string | undefined): boolean {
  if (header === undefined || header === etag || header === '*') return true
  return header.split(',').some((raw) => raw.trim() === etag)
}

/** True when `Accept-Encoding` takes gzip: named, or covered by `*`, with a quality above 0 (RFC 9110 §12.5.3). */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined || header === 'identity') return false
  let any = false
  for (const raw of header.split(',')) {
    const [coding, ...parameters] = raw.split(';')
    const name = (coding ?? '').trim().toLowerCase()
    if (name !== 'gzip' && name !== 'x-gzip' && name !== '*') continue
    const accepted = !parameters.some((p) => /^\s*q\s*=\s*0(\.0{0,3})?\s*$/i.test(p))
    if (name !== '*') return accepted
    any = accepted
  }
  return any
}
