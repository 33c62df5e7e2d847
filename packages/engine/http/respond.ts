import type { RenderedText } from '../packager/live.ts'
import { cacheControl, contentType, headerSet, mediaHeaders, preflight } from './headers.ts'
import { limits } from './limits.ts'
import { type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { acceptsGzip, etagHolds, etagMatches } from './negotiate.ts'
import { abandon, drained, outboxFigures, sendChunks, whenTaken } from './outbox.ts'
import { busy, sendProblem } from './problem.ts'
import { parseRange, sliceChunks } from './range.ts'
import { holdStored } from './stored-bodies.ts'

/** Answers OPTIONS, refuses what is neither GET nor HEAD. True when the request has been answered. */
export function answeredByMethod(req: HttpRequest, res: HttpResponse): boolean {
  if (req.method === 'GET' || req.method === 'HEAD') return false
  if (req.method === 'OPTIONS') {
    res.writeHead(204, preflight as string[])
    res.end()
    return true
  }
  sendProblem(req, res, {
    status: 405,
    code: 'method-not-allowed',
    detail: 'Only GET, HEAD and OPTIONS are answered here.',
    headers: ['Allow', 'GET, HEAD, OPTIONS'],
  })
  return true
}

/**
 * Answers 412 where the client wants another body than this, 304 where it has this one, in this order (RFC 9110 §13.2.2).
 * True when the request has been answered. `If-Range` comes after it. Nothing has a date here, and conditions on dates are
 * ignored where there is none (§13.1.3, §13.1.4).
 *
 * @param etag the body's validator; parts and segments have none, and no list of tags names them.
 * @param headers those of the whole answer but for its length and validator.
 */
export function answeredByCondition(
  req: HttpRequest,
  res: HttpResponse,
  etag: string | undefined,
  headers: readonly string[],
): boolean {
  const validator = etag === undefined ? [] : ['ETag', etag]
  if (!etagHolds(headerOf(req, 'if-match'), etag)) {
    sendProblem(req, res, {
      status: 412,
      code: 'precondition-failed',
      detail: 'What If-Match names is not to be had here (any more).',
      headers: validator,
    })
    return true
  }
  if (!etagMatches(headerOf(req, 'if-none-match'), etag)) return false
  res.writeHead(304, [...headers, ...validator])
  res.end()
  return true
}

/** Whether {@link answeredByCondition} is going to answer: there is no need to make the body then. */
export function isAnsweredByCondition(req: HttpRequest, etag: string): boolean {
  return !etagHolds(headerOf(req, 'if-match'), etag) || etagMatches(headerOf(req, 'if-none-match'), etag)
}

/** How a playlist or manifest is cached, with all its headers but those of its version. */
export interface TextCaching {
  readonly plain: readonly string[]
  readonly gzip: readonly string[]
}

/** @param seconds a shared cache may keep the answer; 0 for `no-store`. */
export function textCaching(seconds: number, type: string = contentType.playlist): TextCaching {
  return cachingOf(seconds > 0 ? cacheControl.seconds(seconds) : cacheControl.none, type)
}

/** @param cache `Cache-Control` */
export function cachingOf(cache: string, type: string): TextCaching {
  const plain = headerSet(type, cache, 'Vary', 'Accept-Encoding')
  return { plain, gzip: [...plain, 'Content-Encoding', 'gzip'] }
}

/** True where a playlist or manifest goes out compressed. */
export function takesGzip(req: HttpRequest): boolean {
  return acceptsGzip(headerOf(req, 'accept-encoding'))
}

/**
 * Sends a playlist or manifest: 304 when the client has this version, compressed when it takes gzip: before this returns where
 * that is done already.
 *
 * @param deadline milliseconds the peer has to take the answer.
 */
export function sendText(
  req: HttpRequest,
  res: HttpResponse,
  text: RenderedText,
  caching: TextCaching,
  deadline: number,
): void {
  const gzip = takesGzip(req)
  // Two encodings are two representations, and a strong validator names one (RFC 9110 §8.8.3.3).
  const etag = gzip ? `${text.etag.slice(0, -1)}-gz"` : text.etag
  if (answeredByCondition(req, res, etag, caching.plain)) return
  if (!gzip) {
    sendWhole(req, res, text.plain, [...caching.plain, 'ETag', etag], deadline)
    return
  }
  const sendGzip = (body: Buffer) => sendWhole(req, res, body, [...caching.gzip, 'ETag', etag], deadline)
  if (text.gzipped !== undefined) return sendGzip(text.gzipped)
  text
    .gzip()
    .then(sendGzip, () => sendWhole(req, res, text.plain, [...caching.plain, 'ETag', text.etag], deadline))
    .catch(() => abandon(req, res))
}

/** 200 with one ready buffer. */
export function sendWhole(
  req: HttpRequest,
  res: HttpResponse,
  body: Uint8Array,
  headers: string[],
  deadline: number,
): void {
  headers.push('Content-Length', String(body.byteLength))
  res.writeHead(200, headers)
  if (req.method === 'HEAD') res.end()
  else sendChunks(req, res, [body], body.byteLength, deadline)
}

/** A body that is in memory as consecutive buffers. */
export interface ReadyBody {
  readonly chunks: readonly Uint8Array[]
  /** Bytes in all. */
  readonly total: number
  /** Was read for this answer, and perhaps some others: memory that nothing else holds. */
  readonly isStored?: boolean
}

/**
 * Sends media with conditions (412, 304) and a single range (206, 416) honoured; 503 where answers hold too much that was
 * read for them.
 *
 * @param headers all but length and range; {@link mediaHeaders} for what is immutable.
 * @param deadline milliseconds the peer has to take the answer.
 */
export function sendMedia(
  req: HttpRequest,
  res: HttpResponse,
  body: ReadyBody,
  deadline: number,
  headers: readonly string[] = mediaHeaders,
): void {
  if (answeredByCondition(req, res, undefined, headers)) return
  if (body.isStored === true && req.method === 'GET') {
    const release = holdStored(body.chunks)
    if (release === undefined) return sendProblem(req, res, busy('Too much is being sent already; try again.'))
    whenTaken(req, res, release)
  }
  sendReady(req, res, body, deadline, headers)
}

function sendReady(
  req: HttpRequest,
  res: HttpResponse,
  body: ReadyBody,
  deadline: number,
  headers: readonly string[],
): void {
  const { total } = body
  const span = rangeOf(req, total)
  if (span === 'unsatisfiable') {
    sendUnsatisfiable(req, res, total)
  } else if (span === undefined) {
    res.writeHead(200, [...headers, 'Content-Length', String(total)])
    if (req.method === 'HEAD') res.end()
    else sendChunks(req, res, body.chunks, total, deadline)
  } else {
    const length = span.last - span.first + 1
    res.writeHead(206, [
      ...headers,
      'Content-Range',
      `bytes ${span.first}-${span.last}/${total}`,
      'Content-Length',
      String(length),
    ])
    sendChunks(req, res, sliceChunks(body.chunks, span), length, deadline)
  }
}

/**
 * What a GET asks of a body. An `If-Range` that does not name these bytes asks for the whole (RFC 9110 §13.1.5).
 *
 * @param etag the body's validator; parts and segments have none.
 */
function rangeOf(req: HttpRequest, total: number, etag?: string): ReturnType<typeof parseRange> {
  // Range is defined for GET only (RFC 9110 §14.2).
  if (req.method !== 'GET') return undefined
  const condition = req.headers['if-range']
  if (condition !== undefined && condition !== etag) return undefined
  return parseRange(req.headers.range, total)
}

function sendUnsatisfiable(req: HttpRequest, res: HttpResponse, total: number): void {
  sendProblem(req, res, {
    status: 416,
    code: 'range-not-satisfiable',
    detail: `The body has ${total} bytes.`,
    headers: ['Content-Range', `bytes */${total}`],
  })
}

/**
 * Sends a body that is made while it is sent, such as a download. Bytes are pulled as the peer takes them; a peer that
 * takes nothing for `limits.downloadStall` is cut off, as is one whose source ends early or fails. 503 where very many are
 * under way.
 *
 * @param open gives the bytes from `first` to `last`, both included; its iterator is closed when the peer goes away.
 * @param etag validator of the body, for `If-Range`.
 */
export async function sendStream(
  req: HttpRequest,
  res: HttpResponse,
  body: { readonly total: number; open(first: number, last: number): AsyncIterable<Uint8Array> },
  headers: readonly string[],
  etag?: string,
): Promise<void> {
  const { total } = body
  const span = rangeOf(req, total, etag)
  if (span === 'unsatisfiable') {
    sendUnsatisfiable(req, res, total)
    return
  }
  const { first, last } = span ?? { first: 0, last: total - 1 }
  const length = last - first + 1
  const isSent = req.method !== 'HEAD' && length > 0
  if (isSent && outboxFigures.downloads >= limits.downloads) {
    outboxFigures.overStored++
    sendProblem(req, res, busy('Too many downloads at a time; try again.', 10))
    return
  }
  const range = span === undefined ? [] : ['Content-Range', `bytes ${first}-${last}/${total}`]
  res.writeHead(span === undefined ? 200 : 206, [...headers, ...range, 'Content-Length', String(length)])
  if (!isSent) {
    res.end()
    return
  }
  outboxFigures.downloads++
  let sent = 0
  const stall = setTimeout(() => {
    outboxFigures.overDeadline++
    abandon(req, res)
  }, limits.downloadStall)
  stall.unref()
  try {
    for await (const chunk of body.open(first, last)) {
      if (res.destroyed) return
      sent += chunk.byteLength
      if (!res.write(chunk) && !(await drained(res))) return
      stall.refresh()
    }
    if (sent === length) res.end()
    else abandon(req, res)
  } catch {
    // The head has gone out; a cut connection is the only way left to say that the body is not whole.
    abandon(req, res)
  } finally {
    clearTimeout(stall)
    outboxFigures.downloads--
  }
}
