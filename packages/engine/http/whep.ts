import { createHash } from 'node:crypto'
import type { WebRtcEgress } from '../egress/webrtc/egress.ts'
import { WEBRTC_LIMITS } from '../egress/webrtc/limits.ts'
import type { OfferRefusal } from '../egress/webrtc/offer.ts'
import { readBody } from './body.ts'
import { type IceServer, linksTo } from './ice-servers.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { abandon } from './outbox.ts'
import { isPlainName, readPathNames } from './path-names.ts'
import { notFound, type Problem, sendProblem } from './problem.ts'
import { cmcdSession } from './viewers.ts'
import { answerLayers } from './whep-layers.ts'

export interface WhepHandlerOptions {
  /** `undefined` where WebRTC is switched off. */
  readonly egress: WebRtcEgress | undefined
  /** Made for each viewer: credentials may run out. */
  readonly iceServers: () => readonly IceServer[]
  /** The viewer's address. */
  readonly remoteOf: (req: HttpRequest) => string
  /** An offer or a choice could not be served, for a reason that nobody has thought of. */
  readonly onError?: (error: unknown) => void
}

/** A player sets its clock by `Date`. Refusals have the list of `headers.ts`. */
const cors: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Location, Link, ETag, Date, Bandstand-Sound, Bandstand-Rendition',
]

/** The content type of descriptions (RFC 8866 §8.2). */
const SDP = 'application/sdp'

const switchedOff: Problem = { status: 404, code: 'not-found', detail: 'WebRTC is switched off on this server.' }
const wrongType: Problem = {
  status: 415,
  code: 'unsupported-media-type',
  detail: `The body has to be an offer, Content-Type: ${SDP}.`,
  headers: ['Accept-Post', SDP],
}
const tooLarge: Problem = { status: 413, code: 'too-large', detail: 'An offer has at most 64 kB.' }

const STATUS: Readonly<Record<OfferRefusal['code'], number>> = {
  'bad-offer': 400,
  offline: 404,
  'not-ready': 503,
  'no-codec': 406,
  'no-rendition': 404,
  'has-b-frames': 409,
  busy: 503,
  unavailable: 503,
}

/**
 * WHEP (draft-ietf-wish-whep): `POST /live/{channel}/whep` with an offer, `DELETE` of the session it names; both also with
 * `t/{token}/` after the channel. What may be watched is chosen by `?rendition=`, `?begin=` and at `{session}/layer`. No trickle ICE: the answer has all candidates, and the viewer's are learned from its checks.
 */
export function createWhepHandler({ egress, iceServers, remoteOf, onError }: WhepHandlerOptions): HttpHandler {
  return (req, res) => {
    const url = req.url ?? ''
    if (!url.includes('/whep') || url.length > limits.url) return false
    const { path, query } = splitTarget(url)
    const names = readPathNames(path, '/live/')
    if (names === undefined || !isPlainName(names.owner) || names.rest[0] !== 'whep') return false
    const [, session, part] = names.rest
    if (
      names.rest.length > 3 ||
      (part !== undefined && part !== 'layer') ||
      (session !== undefined && !/^[0-9a-f]{32}$/.test(session))
    )
      return false
    if (egress === undefined) sendProblem(req, res, switchedOff)
    else if (session === undefined) endpoint(req, res, egress, names.owner, path, query)
    else if (part === undefined) resource(req, res, egress, session)
    else layers(req, res, egress, session)
    return true
  }

  function endpoint(
    req: HttpRequest,
    res: HttpResponse,
    to: WebRtcEgress,
    channel: string,
    path: string,
    query: string,
  ): void {
    if (req.method === 'OPTIONS') return options(res, 'POST, OPTIONS', true)
    if (req.method !== 'POST') return wrongMethod(req, res, 'POST, OPTIONS')
    if (!isSdp(headerOf(req, 'content-type'))) return sendProblem(req, res, wrongType)
    readBody(req, WEBRTC_LIMITS.offerBytes)
      .then(async (body) => {
        if (body === 'cut') return abandon(req, res)
        if (body === 'too-large') return sendProblem(req, res, tooLarge)
        const asked = new URLSearchParams(query)
        const [rendition, begin] = [asked.get('rendition'), asked.get('begin')]
        const viewer = cmcdSession(req, query)
        const answer = await to.offer({
          channel,
          sdp: body.toString('utf8'),
          remote: remoteOf(req),
          ...(rendition !== null && { rendition }),
          ...(begin !== null && { begin }),
          ...(viewer !== undefined && { viewer }),
        })
        if ('code' in answer) {
          if (!res.destroyed) sendProblem(req, res, toProblem(answer))
          return
        }
        // Nobody is there to take it.
        if (res.destroyed) return void to.leave(answer.session)
        const sdp = Buffer.from(answer.sdp)
        res.writeHead(201, [
          ...['Content-Type', SDP, 'Content-Length', String(sdp.byteLength), 'Cache-Control', 'no-store'],
          ...['Location', `${path}/${answer.session}`],
          // Of the ICE session (RFC 9725 §4.3.1): it stays, for there is no restart.
          ...['ETag', `"${createHash('sha256').update(sdp).digest('base64url').slice(0, 16)}"`],
          ...['Bandstand-Rendition', withReason(answer.rendition, answer.renditionReason)],
          ...(answer.soundMissing === undefined ? [] : ['Bandstand-Sound', withReason('none', answer.soundMissing)]),
          ...linksTo(iceServers()),
          ...cors,
        ])
        res.end(sdp)
      })
      .catch((error: unknown) => failed(req, res, error))
  }

  /** One bad answer must not end the process. */
  function failed(req: HttpRequest, res: HttpResponse, error: unknown): void {
    onError?.(error)
    abandon(req, res)
  }

  function resource(req: HttpRequest, res: HttpResponse, of: WebRtcEgress, session: string): void {
    if (req.method === 'OPTIONS') return options(res, 'DELETE, OPTIONS', false, 'DELETE, PATCH, OPTIONS')
    const isFound = req.method === 'DELETE' ? of.leave(session) : of.has(session)
    if (!isFound) return sendProblem(req, res, notFound)
    // PATCH would be trickle ICE or a restart; whoever does not do them says 405 (RFC 9725 §4.3.1).
    if (req.method !== 'DELETE') return wrongMethod(req, res, 'DELETE, OPTIONS')
    res.writeHead(200, ['Content-Length', '0', 'Cache-Control', 'no-store', ...cors])
    res.end()
  }

  function layers(req: HttpRequest, res: HttpResponse, of: WebRtcEgress, session: string): void {
    if (req.method === 'OPTIONS') return options(res, 'GET, POST, OPTIONS', false)
    if (!of.has(session)) return sendProblem(req, res, notFound)
    if (req.method !== 'GET' && req.method !== 'POST') return wrongMethod(req, res, 'GET, POST, OPTIONS')
    answerLayers({ req, res, of, session, cors, onError: (error) => failed(req, res, error) })
  }

  /** @param asked what pages of other sites may try: of a method that is not among them they never see the 405. */
  function options(res: HttpResponse, allow: string, isEndpoint: boolean, asked = allow): void {
    res.writeHead(204, [
      ...['Allow', allow, 'Access-Control-Allow-Methods', asked],
      ...['Access-Control-Allow-Headers', 'Authorization, Content-Type, If-Match', 'Access-Control-Max-Age', '86400'],
      ...(isEndpoint ? ['Accept-Post', SDP, ...linksTo(iceServers())] : []),
      ...cors,
    ])
    res.end()
  }
}

/** Programs say what they like; a field takes no more than ASCII without fear (RFC 9110 §5.5), and Node throws for what is beyond Latin-1. */
function withReason(value: string, reason: string | undefined): string {
  return reason === undefined ? value : `${value}; ${reason.replace(/[^ -~]+/g, ' ')}`
}

function isSdp(type: string | undefined): boolean {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === SDP
}

function wrongMethod(req: HttpRequest, res: HttpResponse, allow: string): void {
  sendProblem(req, res, {
    status: 405,
    code: 'method-not-allowed',
    detail: `Only ${allow} are answered here.`,
    headers: ['Allow', allow],
  })
}

function toProblem({ code, reason, retryAfter }: OfferRefusal): Problem {
  return {
    status: STATUS[code],
    code,
    detail: reason,
    ...(retryAfter !== undefined && { headers: ['Retry-After', String(retryAfter)] }),
  }
}
