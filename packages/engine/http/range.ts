/** First and last byte, both included. */
export interface ByteSpan {
  readonly first: number
  readonly last: number
}

/**
 * Reads a `Range` header (RFC 9110 §14.2; its unit in any case, §14.1) for a body of `total` bytes.
 *
 * @returns `undefined` when the whole body is to be sent: no header, another unit, malformed, or several ranges (a server
 *   may ignore those); `unsatisfiable` for 416.
 */
export function parseRange(header: string | undefined, total: number): ByteSpan | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined
  const match = /^bytes=(\d{0,40})-(\d{0,40})$/i.exec(header.trim())
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '') {
    if (to === '') return undefined
    const length = Math.min(Number(to), total)
    return length === 0 ? 'unsatisfiable' : { first: total - length, last: total - 1 }
  }
  const first = Number(from)
  const last = to === '' ? total - 1 : Math.min(Number(to), total - 1)
  // A last byte before the first is malformed, not unsatisfiable: ignored.
  if (to !== '' && Number(to) < first) return undefined
  return first >= total ? 'unsatisfiable' : { first, last }
}

/** The part of a list of buffers that a span covers, as views on the same memory. */
export function sliceChunks(chunks: readonly Uint8Array[], span: ByteSpan): Uint8Array[] {
  const out: Uint8Array[] = []
  let at = 0
  for (const chunk of chunks) {
    const from = Math.max(0, span.first - at)
    const to = Math.min(chunk.byteLength, span.last + 1 - at)
    if (from < to) out.push(chunk.subarray(from, to))
    at += chunk.byteLength
    if (at > span.last) break
  }
  return out
}
