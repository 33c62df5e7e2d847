import { readBody } from './body.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { abandon } from './outbox.ts'
import { isPlainName, readPathNames } from './path-names.ts'
import { type Problem, sendProblem } from './problem.ts'

/** What WHIP and WHEP have in common over HTTP: an address that takes offers, and one for each session that they make. */

/** The content type of descriptions (RFC 8866 §8.2). */
export const SDP = 'application/sdp'

const switchedOff: Problem = { status: 404, code: 'not-found', detail: 'WebRTC is switched off on this server.' }
export const wrongType: Problem = {
  status: 415,
  code: 'unsupported-media-type',
  detail: `The body has to be an offer, Content-Type: ${SDP}.`,
  headers: ['Accept-Post', SDP],
}

/** An address below `/live/{channel}/whip` or `/whep`. */
export interface SessionAddress {
  readonly channel: string
  /** Without the query; with the token, where there is one. */
  readonly path: string
  readonly query: string
  /** `undefined` for the address that takes offers. */
  readonly session: string | undefined
  /** True for what a session has below it. */
  readonly isPart: boolean
}

/** @param part what a session has below it. @returns `undefined` for any other address */
export function readSessionAddress(
  url: string,
  protocol: 'whip' | 'whep',
  part: 'status' | 'layer',
): SessionAddress | undefined {
  if (!url.includes(`/${protocol}`) || url.length > limits.url) return undefined
  const { path, query } = splitTarget(url)
  const names = readPathNames(path, '/live/')
  if (names === undefined || !isPlainName(names.owner) || names.rest[0] !== protocol) return undefined
  const [, session, below] = names.rest
  if (names.rest.length > 3 || (below !== undefined && below !== part)) return undefined
  if (session !== undefined && !/^[0-9a-f]{32}$/.test(session)) return undefined
  return { channel: names.owner, path, query, session, isPart: below !== undefined }
}

export interface Exchange {
  readonly req: HttpRequest
  readonly res: HttpResponse
  readonly onError: ((error: unknown) => void) | undefined
}

/**
 * Serves a request by what is loaded for the first one; tells where WebRTC is switched off. Whoever has gone meanwhile is not
 * served: nothing of the body would come any more.
 */
export function serveBy<T>(
  load: (() => Promise<T>) | undefined,
  { req, res, onError }: Exchange,
  serve: (by: T) => void,
): void {
  if (load === undefined) return sendProblem(req, res, switchedOff)
  load()
    .then((by) => {
      if (!res.destroyed) serve(by)
    })
    .catch((error: unknown) => {
      onError?.(error)
      abandon(req, res)
    })
}

/** @param exposed what scripts of other sites may read of answers. Refusals have the list of `headers.ts` */
export function corsFields(exposed: string): readonly string[] {
  return ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', exposed]
}

export interface Options {
  readonly allow: string
  /** What pages of other sites may try, where it is more: of a method that is not among them they never see the 405. */
  readonly asked?: string
  readonly more: readonly string[]
}

/** Answers `OPTIONS`. */
export function sendOptions(res: HttpResponse, { allow, asked = allow, more }: Options): void {
  res.writeHead(204, [
    ...['Allow', allow, 'Access-Control-Allow-Methods', asked],
    ...['Access-Control-Allow-Headers', 'Authorization, Content-Type, If-Match', 'Access-Control-Max-Age', '86400'],
    ...more,
  ])
  res.end()
}

export function wrongMethod(req: HttpRequest, res: HttpResponse, allow: string): void {
  sendProblem(req, res, {
    status: 405,
    code: 'method-not-allowed',
    detail: `Only ${allow} are answered here.`,
    headers: ['Allow', allow],
  })
}

export function isType(req: HttpRequest, type: string): boolean {
  return headerOf(req, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() === type
}

export interface BodyOptions {
  /** Bytes, and what is said of more. */
  readonly most: number
  readonly tooLarge: Problem
  readonly onError: ((error: unknown) => void) | undefined
}

/** Reads the body and answers; one bad request must not end the process. */
export function answerBody(
  req: HttpRequest,
  res: HttpResponse,
  { most, tooLarge, onError }: BodyOptions,
  answer: (body: string) => Promise<void> | void,
): void {
  readBody(req, most)
    .then(async (body) => {
      if (body === 'cut') return abandon(req, res)
      if (body === 'too-large') return sendProblem(req, res, tooLarge)
      await answer(body.toString('utf8'))
    })
    .catch((error: unknown) => {
      onError?.(error)
      abandon(req, res)
    })
}

export function sendJson(res: HttpResponse, value: object, more: readonly string[]): void {
  const body = Buffer.from(JSON.stringify(value))
  res.writeHead(200, [
    ...['Content-Type', 'application/json', 'Content-Length', String(body.byteLength), 'Cache-Control', 'no-store'],
    ...more,
  ])
  res.end(body)
}
