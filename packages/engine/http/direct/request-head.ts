import type { IncomingHttpHeaders } from 'node:http'
import { isHost } from '../host.ts'

/** The head of a request that is served directly. */
export interface RequestHead {
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  /** Names in lower case. Shared by all requests of a connection that have the same: not to be changed. */
  readonly headers: Readonly<IncomingHttpHeaders>
  /** Bytes of the head, its empty line included. */
  readonly length: number
  /** The header section as it came, for {@link readRequestHead} of the next request. */
  readonly section: string
}

/** A request line as browsers and players send it (RFC 9112 §3): origin form, visible ASCII only. */
const requestLine = /^(GET|HEAD) (\/[\x21-\x7e]*) HTTP\/1\.1$/
/** A field line (RFC 9112 §5): no space before the colon, no folding, no control characters. */
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):[ \t]*([\x20-\x7e\x80-\xff\t]*)$/
/** With one of these a request has a body, or wants something else of the connection. */
const others = new Set(['content-length', 'transfer-encoding', 'upgrade', 'expect', 'trailer', 'te', 'http2-settings'])

/**
 * Reads one request head from the start of these bytes.
 *
 * Deliberately narrow: GET or HEAD of HTTP/1.1 without a body, whole, every field once, nothing unusual. Whatever is not
 * that is for a general parser, and both agree on where this request ends.
 *
 * @param limit bytes of a head.
 * @param last the connection's request before this one: players send the same fields again and again.
 * @returns undefined for everything else, an incomplete head included.
 */
export function readRequestHead(bytes: Buffer, limit: number, last?: RequestHead): RequestHead | undefined {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, limit))
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const lineEnd = text.indexOf('\r\n')
  const line = requestLine.exec(text.slice(0, lineEnd))
  if (line === null) return undefined
  const section = text.slice(lineEnd, end)
  const headers = last !== undefined && last.section === section ? last.headers : readFields(section)
  if (headers === undefined) return undefined
  return { method: line[1] as 'GET' | 'HEAD', target: line[2] as string, headers, length: end + 4, section }
}

/** @param section each line with CRLF before it. */
function readFields(section: string): IncomingHttpHeaders | undefined {
  const headers = Object.create(null) as IncomingHttpHeaders
  for (let at = 0; at < section.length; ) {
    const next = section.indexOf('\r\n', at + 2)
    const to = next < 0 ? section.length : next
    const field = fieldLine.exec(section.slice(at + 2, to))
    at = to
    if (field === null) return undefined
    const name = (field[1] as string).toLowerCase()
    if (others.has(name) || headers[name] !== undefined) return undefined
    headers[name] = (field[2] as string).trimEnd()
  }
  const { connection, host } = headers
  if (host === undefined || !isHost(host)) return undefined
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined
  return headers
}
