import { cacheControl, contentType, headerSet } from './headers.ts'
import type { HttpRequest, HttpResponse } from './message.ts'

/** Stable codes of the engine's HTTP answers. */
export type ProblemCode =
  | 'bad-request'
  | 'not-found'
  | 'offline'
  | 'method-not-allowed'
  | 'uri-too-long'
  | 'precondition-failed'
  | 'range-not-satisfiable'
  | 'busy'
  | 'not-ready'
  | 'unavailable'
  | 'unsupported-media-type'
  | 'too-large'
  | 'bad-offer'
  | 'no-codec'
  | 'no-rendition'
  | 'has-b-frames'
  | 'wrong-key'
  | 'expired'
  | 'restarting'
  | 'forbidden'
  | 'in-use'
  | 'taken-over'
  | 'stopped'
  | 'limit'
  | 'precondition-required'
  | 'no-restart'
  | 'bad-playlist'
  | 'too-slow'

export interface Problem {
  readonly status: number
  readonly code: ProblemCode
  /** One sentence that says what to change. */
  readonly detail: string
  /** Further headers, flat. */
  readonly headers?: readonly string[]
}

const titles: Readonly<Record<ProblemCode, string>> = {
  'bad-request': 'Bad request',
  'not-found': 'Not found',
  offline: 'The channel is not live',
  'method-not-allowed': 'Method not allowed',
  'uri-too-long': 'URI too long',
  'precondition-failed': 'Precondition failed',
  'range-not-satisfiable': 'Range not satisfiable',
  busy: 'Too many viewers or requests at the moment',
  'not-ready': 'Not ready in time',
  unavailable: 'Not available at the moment',
  'unsupported-media-type': 'Unsupported media type',
  'too-large': 'Content too large',
  'bad-offer': 'The offer cannot be read or answered',
  'no-codec': 'The offer takes nothing of this stream',
  'no-rendition': 'There is no such rendition',
  'has-b-frames': 'The stream has B-frames',
  'wrong-key': 'The stream key is missing or wrong',
  expired: 'The key has run out',
  restarting: 'The server restarts',
  forbidden: 'Not allowed to publish',
  'in-use': 'Another encoder has the channel',
  'taken-over': 'Another encoder took the channel over',
  stopped: 'Publishing was stopped',
  limit: 'Too much at the moment',
  'precondition-required': 'Precondition required',
  'no-restart': 'ICE is not restarted here',
  'bad-playlist': 'The playlist cannot be followed',
  'too-slow': 'The request took too long',
}

// 404 may be kept for a second, so that a shared cache absorbs a crowd that asks for something missing.
const brief = headerSet(contentType.problem, cacheControl.second)
const never = headerSet(contentType.problem, cacheControl.none)

/** Answers with `application/problem+json` (RFC 9457) and a stable `code`. */
export function sendProblem(req: HttpRequest, res: HttpResponse, problem: Problem): void {
  const { status, code, detail } = problem
  const body = Buffer.from(JSON.stringify({ type: 'about:blank', title: titles[code], status, code, detail }))
  const headers = [...(status === 404 ? brief : never), ...(problem.headers ?? [])]
  headers.push('Content-Length', String(body.byteLength))
  res.writeHead(status, headers)
  if (req.method === 'HEAD') res.end()
  else res.end(body)
}

/** Why there is nothing at a channel's addresses. */
export const offline: Problem = {
  status: 404,
  code: 'offline',
  detail: 'Nobody is publishing to this channel now.',
  headers: ['Retry-After', '2'],
}

export const notFound: Problem = {
  status: 404,
  code: 'not-found',
  detail: 'There is nothing at this address (any more).',
}

/** @param detail of what there is too much. */
export function busy(detail = 'Too many requests wait already; try again.', seconds = 1): Problem {
  return { status: 503, code: 'busy', detail, headers: ['Retry-After', String(seconds)] }
}

/** @param detail what did not come in time. */
export function notReady(detail: string): Problem {
  return { status: 503, code: 'not-ready', detail, headers: ['Retry-After', '1'] }
}
