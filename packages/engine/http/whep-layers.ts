import type { WebRtcEgress } from '../egress/webrtc/egress.ts'
import { WEBRTC_LIMITS } from '../egress/webrtc/limits.ts'
import type { HttpRequest, HttpResponse } from './message.ts'
import { notFound, type Problem, sendProblem } from './problem.ts'
import { answerBody, sendJson } from './webrtc-endpoint.ts'

const badChoice: Problem = {
  status: 400,
  code: 'bad-request',
  detail: 'The body has to be JSON: {"encodingId": "720p"}, or {} for what the line carries.',
}
const tooLarge: Problem = { status: 413, code: 'too-large', detail: 'A choice has at most 1 kB.' }
const noRendition: Problem = {
  status: 404,
  code: 'no-rendition',
  detail: 'The broadcast has no rendition of this name now.',
}

export interface LayersRequest {
  readonly req: HttpRequest
  readonly res: HttpResponse
  readonly of: WebRtcEgress
  readonly session: string
  /** Headers for pages of other origins. */
  readonly cors: readonly string[]
  /** It could not be answered, for a reason that nobody has thought of. */
  readonly onError: ((error: unknown) => void) | undefined
}

/**
 * The renditions of a session, and the choice among them: `{session}/layer`. `POST` is the layer selection that the WHEP draft once
 * had as an extension (draft-murillo-whep-02 §4.5.2); what may be chosen is to be had by `GET` in place of its events.
 */
export function answerLayers({ req, res, of, session, cors, onError }: LayersRequest): void {
  if (req.method === 'GET') return show()
  answerBody(req, res, { most: WEBRTC_LIMITS.choiceBytes, tooLarge, onError }, (body) => {
    const wanted = readChoice(body)
    if (wanted === 'bad') return sendProblem(req, res, badChoice)
    if (!of.has(session)) return sendProblem(req, res, notFound)
    if (!of.choose(session, wanted.name)) return sendProblem(req, res, noRendition)
    show()
  })

  function show(): void {
    const layers = of.layers(session)
    if (layers === undefined) return sendProblem(req, res, notFound)
    const { chosen, playing, reason, renditions } = layers
    const value = {
      chosen: chosen ?? null,
      playing: playing ?? null,
      reason: reason ?? null,
      renditions: renditions.map(({ name, ...facts }) => ({ encodingId: name, ...facts })),
    }
    sendJson(res, value, cors)
  }
}

/** Other members, `mediaId` for example, mean nothing here: there is one picture. */
function readChoice(text: string): { readonly name: string | undefined } | 'bad' {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'bad'
    const id: unknown = 'encodingId' in value ? value.encodingId : undefined
    if (id === undefined || id === null) return { name: undefined }
    return typeof id === 'string' ? { name: id } : 'bad'
  } catch {
    return 'bad'
  }
}
