import { createHash } from 'node:crypto'
import type { WebRtcEgress } from '../egress/webrtc/egress.ts'
import { WEBRTC_LIMITS } from '../egress/webrtc/limits.ts'
import type { OfferRefusal } from '../egress/webrtc/offer.ts'
import { type IceServer, linksTo } from './ice-servers.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './message.ts'
import { notFound, type Problem, sendProblem } from './problem.ts'
import { cmcdSession } from './viewers.ts'
import {
  answerBody,
  corsFields,
  isType,
  readSessionAddress,
  SDP,
  type SessionAddress,
  sendOptions,
  serveBy,
  wrongMethod,
  wrongType,
} from './webrtc-endpoint.ts'
import { answerLayers } from './whep-layers.ts'

export interface WhepHandlerOptions {
  /** Asked by the first viewer; `undefined` where WebRTC is switched off. */
  readonly egress: (() => Promise<WebRtcEgress>) | undefined
  /** Made for each viewer: credentials may run out. */
  readonly iceServers: () => readonly IceServer[]
  /** The viewer's address. */
  readonly remoteOf: (req: HttpRequest) => string
  /** An offer or a choice could not be served, for a reason that nobody has thought of. */
  readonly onError?: (error: unknown) => void
}

/** A player sets its clock by `Date`. */
const cors = corsFields('Location, Link, ETag, Date, Bandstand-Sound, Bandstand-Rendition')

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
    const address = readSessionAddress(req.url ?? '', 'whep', 'layer')
    if (address === undefined) return false
    const { session, isPart } = address
    serveBy(egress, { req, res, onError }, (of) => {
      if (session === undefined) endpoint(req, res, of, address)
      else if (!isPart) resource(req, res, of, session)
      else layers(req, res, of, session)
    })
    return true
  }

  function endpoint(
    req: HttpRequest,
    res: HttpResponse,
    to: WebRtcEgress,
    { channel, path, query }: SessionAddress,
  ): void {
    if (req.method === 'OPTIONS') return options(res, 'POST, OPTIONS', ['Accept-Post', SDP, ...linksTo(iceServers())])
    if (req.method !== 'POST') return wrongMethod(req, res, 'POST, OPTIONS')
    if (!isType(req, SDP)) return sendProblem(req, res, wrongType)
    answerBody(req, res, { most: WEBRTC_LIMITS.offerBytes, tooLarge, onError }, async (offer) => {
      const asked = new URLSearchParams(query)
      const [rendition, begin] = [asked.get('rendition'), asked.get('begin')]
      const viewer = cmcdSession(req, query)
      const answer = await to.offer({
        channel,
        sdp: offer,
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
  }

  function resource(req: HttpRequest, res: HttpResponse, of: WebRtcEgress, session: string): void {
    if (req.method === 'OPTIONS') return options(res, 'DELETE, OPTIONS', [], 'DELETE, PATCH, OPTIONS')
    const isFound = req.method === 'DELETE' ? of.leave(session) : of.has(session)
    if (!isFound) return sendProblem(req, res, notFound)
    // PATCH would be trickle ICE or a restart; whoever does not do them says 405 (RFC 9725 §4.3.1).
    if (req.method !== 'DELETE') return wrongMethod(req, res, 'DELETE, OPTIONS')
    res.writeHead(200, ['Content-Length', '0', 'Cache-Control', 'no-store', ...cors])
    res.end()
  }

  function layers(req: HttpRequest, res: HttpResponse, of: WebRtcEgress, session: string): void {
    if (req.method === 'OPTIONS') return options(res, 'GET, POST, OPTIONS', [])
    if (!of.has(session)) return sendProblem(req, res, notFound)
    if (req.method !== 'GET' && req.method !== 'POST') return wrongMethod(req, res, 'GET, POST, OPTIONS')
    answerLayers({ req, res, of, session, cors, onError })
  }

  function options(res: HttpResponse, allow: string, more: readonly string[], asked = allow): void {
    sendOptions(res, { allow, asked, more: [...more, ...cors] })
  }
}

/** Programs say what they like; a field takes no more than ASCII without fear (RFC 9110 §5.5), and Node throws for what is beyond Latin-1. */
function withReason(value: string, reason: string | undefined): string {
  return reason === undefined ? value : `${value}; ${reason.replace(/[^ -~]+/g, ' ')}`
}

function toProblem({ code, reason, retryAfter }: OfferRefusal): Problem {
  return {
    status: STATUS[code],
    code,
    detail: reason,
    ...(retryAfter !== undefined && { headers: ['Retry-After', String(retryAfter)] }),
  }
}
