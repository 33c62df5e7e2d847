import type { WhipIngest, WhipStatus } from '../ingest/whip/ingest.ts'
import { WHIP_LIMITS } from '../ingest/whip/limits.ts'
import type { WhipRefusal } from '../ingest/whip/offer.ts'
import { readBody } from './body.ts'
import { type IceServer, linksTo } from './ice-servers.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { abandon } from './outbox.ts'
import { isPlainName, readPathNames } from './path-names.ts'
import { notFound, type Problem, type ProblemCode, sendProblem } from './problem.ts'

export interface WhipHandlerOptions {
  /** `undefined` where WebRTC is switched off. */
  readonly ingest: WhipIngest | undefined
  /** Made for each encoder: credentials may run out. */
  readonly iceServers: () => readonly IceServer[]
  /** The encoder's address. */
  readonly remoteOf: (req: HttpRequest) => string
  /** A request could not be served, for a reason that nobody has thought of. */
  readonly onError?: (error: unknown) => void
}

const cors: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Location, Link, ETag, Date',
]

/** The content types of descriptions (RFC 8866 §8.2) and of what is said of ICE later (RFC 8840 §10.1). */
const SDP = 'application/sdp'
const FRAGMENT = 'application/trickle-ice-sdpfrag'

const switchedOff: Problem = { status: 404, code: 'not-found', detail: 'WebRTC is switched off on this server.' }
const wrongType: Problem = {
  status: 415,
  code: 'unsupported-media-type',
  detail: `The body has to be an offer, Content-Type: ${SDP}.`,
  headers: ['Accept-Post', SDP],
}
const wrongPatch: Problem = {
  status: 415,
  code: 'unsupported-media-type',
  detail: `The body has to be candidates, Content-Type: ${FRAGMENT}.`,
  headers: ['Accept-Patch', FRAGMENT],
}
const tooLarge: Problem = { status: 413, code: 'too-large', detail: 'An offer has at most 64 kB, a PATCH 16 kB.' }
const noKey: Problem = {
  status: 401,
  code: 'wrong-key',
  detail: 'Say the stream key of the channel: Authorization: Bearer KEY. In OBS it is the “Bearer Token”.',
  headers: ['WWW-Authenticate', 'Bearer'],
}
const PATCH_PROBLEMS = {
  'not-found': notFound,
  'precondition-required': {
    status: 428,
    code: 'precondition-required',
    detail: 'Say which ICE session is meant: If-Match with the ETag of the answer.',
  },
  'precondition-failed': {
    status: 412,
    code: 'precondition-failed',
    detail: 'This is not the ICE session that there is: If-Match has to be the ETag of the answer.',
  },
  restart: {
    status: 422,
    code: 'no-restart',
    detail: 'ICE is not restarted here: publish anew with POST, and the broadcast goes on.',
  },
} as const satisfies Readonly<Record<string, Problem>>

const STATUS: Readonly<Record<WhipRefusal['code'], number>> = {
  'bad-offer': 400,
  'wrong-key': 401,
  expired: 403,
  restarting: 503,
  forbidden: 403,
  stopped: 403,
  'no-codec': 406,
  'in-use': 409,
  'taken-over': 409,
  busy: 503,
  limit: 503,
  unavailable: 503,
}

/**
 * WHIP (RFC 9725): `POST /live/{channel}/whip` with an offer and the stream key as bearer token, then `PATCH` with candidates and
 * `DELETE` of the session it names, whose name is unguessable and so needs no key. `{session}/status` says how the stream fares. The answer has
 * all candidates; those of the encoder are learned from its checks, and a restart of ICE is a new session.
 */
export function createWhipHandler({ ingest, iceServers, remoteOf, onError }: WhipHandlerOptions): HttpHandler {
  return (req, res) => {
    const url = req.url ?? ''
    if (!url.includes('/whip') || url.length > limits.url) return false
    const { path } = splitTarget(url)
    const names = readPathNames(path, '/live/')
    if (names === undefined || !isPlainName(names.owner) || names.rest[0] !== 'whip') return false
    const [, session, part] = names.rest
    if (
      names.rest.length > 3 ||
      (part !== undefined && part !== 'status') ||
      (session !== undefined && !/^[0-9a-f]{32}$/.test(session))
    )
      return false
    if (ingest === undefined) sendProblem(req, res, switchedOff)
    else if (session === undefined) endpoint(req, res, ingest, names.owner, path)
    else if (part === undefined) resource(req, res, ingest, session)
    else status(req, res, ingest, session)
    return true
  }

  function endpoint(req: HttpRequest, res: HttpResponse, to: WhipIngest, channel: string, path: string): void {
    if (req.method === 'OPTIONS') return options(res, 'POST, OPTIONS', ['Accept-Post', SDP, ...linksTo(iceServers())])
    if (req.method !== 'POST') return wrongMethod(req, res, 'POST, OPTIONS')
    const key = bearerOf(req)
    if (key === undefined) return sendProblem(req, res, noKey)
    if (!isType(req, SDP)) return sendProblem(req, res, wrongType)
    answering(req, res, WHIP_LIMITS.offerBytes, async (sdp) => {
      const encoder = headerOf(req, 'user-agent')?.slice(0, 100)
      const remote = remoteOf(req)
      const answer = await to.offer({ channel, key, sdp, remote, ...(encoder !== undefined && { encoder }) })
      if ('code' in answer) {
        if (!res.destroyed) sendProblem(req, res, toProblem(answer))
        return
      }
      // Nobody is there to take it.
      if (res.destroyed) return void to.leave(answer.session)
      const body = Buffer.from(answer.sdp)
      res.writeHead(201, [
        ...['Content-Type', SDP, 'Content-Length', String(body.byteLength), 'Cache-Control', 'no-store'],
        ...['Location', `${path}/${answer.session}`, 'ETag', `"${answer.etag}"`, 'Accept-Patch', FRAGMENT],
        ...linksTo(iceServers()),
        ...cors,
      ])
      res.end(body)
    })
  }

  function resource(req: HttpRequest, res: HttpResponse, of: WhipIngest, session: string): void {
    const allow = 'PATCH, DELETE, OPTIONS'
    if (req.method === 'OPTIONS') return options(res, allow, ['Accept-Patch', FRAGMENT])
    if (req.method === 'DELETE') return of.leave(session) ? done(res, 200) : sendProblem(req, res, notFound)
    if (req.method !== 'PATCH') {
      if (of.status(session) === undefined) return sendProblem(req, res, notFound)
      return wrongMethod(req, res, allow)
    }
    if (!isType(req, FRAGMENT)) return sendProblem(req, res, wrongPatch)
    answering(req, res, WHIP_LIMITS.fragmentBytes, (fragment) => {
      const patched = of.patch(session, headerOf(req, 'if-match'), fragment)
      if (patched === 'taken') done(res, 204)
      else if (typeof patched === 'string') sendProblem(req, res, PATCH_PROBLEMS[patched])
      else sendProblem(req, res, { status: 400, code: 'bad-request', detail: patched.fault })
    })
  }

  function status(req: HttpRequest, res: HttpResponse, of: WhipIngest, session: string): void {
    if (req.method === 'OPTIONS') return options(res, 'GET, OPTIONS', [])
    if (req.method !== 'GET') return wrongMethod(req, res, 'GET, OPTIONS')
    const found = of.status(session)
    if (found === undefined) return sendProblem(req, res, notFound)
    const body = Buffer.from(JSON.stringify(statusBody(found)))
    res.writeHead(200, [
      ...['Content-Type', 'application/json', 'Content-Length', String(body.byteLength), 'Cache-Control', 'no-store'],
      ...cors,
    ])
    res.end(body)
  }

  /** Reads the body and answers; one bad request must not end the process. */
  function answering(
    req: HttpRequest,
    res: HttpResponse,
    most: number,
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

  function options(res: HttpResponse, allow: string, more: readonly string[]): void {
    res.writeHead(204, [
      ...['Allow', allow, 'Access-Control-Allow-Methods', allow],
      ...['Access-Control-Allow-Headers', 'Authorization, Content-Type, If-Match', 'Access-Control-Max-Age', '86400'],
      ...more,
      ...cors,
    ])
    res.end()
  }
}

/** What the encoder is told of its stream: counts since it began, rates of the last second. */
function statusBody(status: WhipStatus): object {
  if (status.isOver) return { over: true, code: status.why?.code ?? null, reason: status.why?.reason ?? null }
  const { report } = status
  if (report === undefined) return { over: false }
  const { connected, bitrate, loss, lost, recovered, dropped, trip } = report
  const roundTrip = trip === undefined ? null : Math.round(trip)
  return { over: false, connected, bitrate: Math.round(bitrate), loss, lost, recovered, dropped, roundTrip }
}

/** The key exactly as sent (RFC 6750 §2.1), whatever characters it has. */
function bearerOf(req: HttpRequest): string | undefined {
  const [, key] = /^Bearer +(.+)$/i.exec(headerOf(req, 'authorization') ?? '') ?? []
  return key === undefined || key.length > WHIP_LIMITS.key ? undefined : key
}

function isType(req: HttpRequest, type: string): boolean {
  return headerOf(req, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() === type
}

function done(res: HttpResponse, status: 200 | 204): void {
  res.writeHead(status, [...(status === 200 ? ['Content-Length', '0'] : []), 'Cache-Control', 'no-store', ...cors])
  res.end()
}

function wrongMethod(req: HttpRequest, res: HttpResponse, allow: string): void {
  sendProblem(req, res, {
    status: 405,
    code: 'method-not-allowed',
    detail: `Only ${allow} are answered here.`,
    headers: ['Allow', allow],
  })
}

function toProblem({ code, reason, retryAfter }: WhipRefusal): Problem {
  return {
    status: STATUS[code],
    code: code satisfies ProblemCode,
    detail: reason,
    ...(code === 'wrong-key' && { headers: ['WWW-Authenticate', 'Bearer'] }),
    ...(retryAfter !== undefined && { headers: ['Retry-After', String(retryAfter)] }),
  }
}
