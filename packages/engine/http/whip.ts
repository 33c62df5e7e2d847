import type { WhipIngest, WhipSessionAddress, WhipStatus } from '../ingest/whip/ingest.ts'
import { WHIP_LIMITS } from '../ingest/whip/limits.ts'
import type { WhipRefusal } from '../ingest/whip/offer.ts'
import { type IceServer, linksTo } from './ice-servers.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { notFound, type Problem, type ProblemCode, sendProblem } from './problem.ts'
import {
  answerBody,
  corsFields,
  isType,
  readSessionAddress,
  SDP,
  sendJson,
  sendOptions,
  serveBy,
  wrongMethod,
  wrongType,
} from './webrtc-endpoint.ts'

export interface WhipHandlerOptions {
  /** Asked by the first encoder; `undefined` where WebRTC is switched off. */
  readonly ingest: (() => Promise<WhipIngest>) | undefined
  /** Made for each encoder: credentials may run out. */
  readonly iceServers: () => readonly IceServer[]
  /** The encoder's address. */
  readonly remoteOf: (req: HttpRequest) => string
  /** A request could not be served, for a reason that nobody has thought of. */
  readonly onError?: (error: unknown) => void
}

const cors = corsFields('Location, Link, ETag, Date')

/** The content type of what is said of ICE later (RFC 8840 §10.1). */
const FRAGMENT = 'application/trickle-ice-sdpfrag'

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
    const address = readSessionAddress(req.url ?? '', 'whip', 'status')
    if (address === undefined) return false
    const { channel, path, session, isPart } = address
    serveBy(ingest, { req, res, onError }, (by) => {
      if (session === undefined) endpoint(req, res, by, channel, path)
      else if (!isPart) resource(req, res, by, { channel, session })
      else status(req, res, by, { channel, session })
    })
    return true
  }

  function endpoint(req: HttpRequest, res: HttpResponse, to: WhipIngest, channel: string, path: string): void {
    if (req.method === 'OPTIONS') return options(res, 'POST, OPTIONS', ['Accept-Post', SDP, ...linksTo(iceServers())])
    if (req.method !== 'POST') return wrongMethod(req, res, 'POST, OPTIONS')
    const key = bearerOf(req)
    if (key === undefined) return sendProblem(req, res, noKey)
    if (!isType(req, SDP)) return sendProblem(req, res, wrongType)
    answerBody(req, res, { most: WHIP_LIMITS.offerBytes, tooLarge, onError }, async (sdp) => {
      const encoder = headerOf(req, 'user-agent')?.slice(0, 100)
      const remote = remoteOf(req)
      const answer = await to.offer({ channel, key, sdp, remote, ...(encoder !== undefined && { encoder }) })
      if ('code' in answer) {
        if (!res.destroyed) sendProblem(req, res, toProblem(answer))
        return
      }
      // Nobody is there to take it.
      if (res.destroyed) return void to.leave({ channel, session: answer.session })
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

  function resource(req: HttpRequest, res: HttpResponse, of: WhipIngest, at: WhipSessionAddress): void {
    const allow = 'PATCH, DELETE, OPTIONS'
    if (req.method === 'OPTIONS') return options(res, allow, ['Accept-Patch', FRAGMENT])
    if (req.method === 'DELETE') return of.leave(at) ? done(res, 200) : sendProblem(req, res, notFound)
    if (req.method !== 'PATCH') {
      if (of.status(at) === undefined) return sendProblem(req, res, notFound)
      return wrongMethod(req, res, allow)
    }
    if (!isType(req, FRAGMENT)) return sendProblem(req, res, wrongPatch)
    answerBody(req, res, { most: WHIP_LIMITS.fragmentBytes, tooLarge, onError }, (fragment) => {
      const patched = of.patch(at, headerOf(req, 'if-match'), fragment)
      if (patched === 'taken') done(res, 204)
      else if (typeof patched === 'string') sendProblem(req, res, PATCH_PROBLEMS[patched])
      else sendProblem(req, res, { status: 400, code: 'bad-request', detail: patched.fault })
    })
  }

  function status(req: HttpRequest, res: HttpResponse, of: WhipIngest, at: WhipSessionAddress): void {
    if (req.method === 'OPTIONS') return options(res, 'GET, OPTIONS', [])
    if (req.method !== 'GET') return wrongMethod(req, res, 'GET, OPTIONS')
    const found = of.status(at)
    if (found === undefined) return sendProblem(req, res, notFound)
    sendJson(res, statusBody(found), cors)
  }

  function options(res: HttpResponse, allow: string, more: readonly string[]): void {
    sendOptions(res, { allow, more: [...more, ...cors] })
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

function done(res: HttpResponse, status: 200 | 204): void {
  res.writeHead(status, [...(status === 200 ? ['Content-Length', '0'] : []), 'Cache-Control', 'no-store', ...cors])
  res.end()
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
