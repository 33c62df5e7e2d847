import type { Readable } from 'node:stream'
import type { PutUpload } from '../ingest/hls/put/encoder.ts'
import { tellPutFault } from '../ingest/hls/put/faults.ts'
import type { HlsPutIngest, PutRefused } from '../ingest/hls/put/ingest.ts'
import type { PublishRefusal } from '../ports.ts'
import { onceEnded } from './body.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { abandon } from './outbox.ts'
import { type Problem, sendProblem } from './problem.ts'
import { refuseBody, tooSlow } from './slow-bodies.ts'

export interface HlsPutHandlerOptions {
  /** Asked by the first file: few servers ever see one. */
  readonly ingest: () => Promise<Pick<HlsPutIngest, 'upload'>>
  /** The encoder's address. */
  readonly remoteOf: (req: HttpRequest) => string
  /** ms within which a file must have come; `limits.requestTimeout` unless said. */
  readonly deadline?: number
  /** A file could not be taken for a reason that nobody has thought of. */
  readonly onError?: (error: unknown) => void
}

const PREFIX = '/ingest/hls/'
const METHODS = 'PUT, POST, DELETE'

const STATUS: Readonly<Record<PublishRefusal['code'], number>> = {
  'wrong-key': 401,
  expired: 403,
  forbidden: 403,
  'in-use': 409,
  'taken-over': 409,
  stopped: 403,
  limit: 503,
  restarting: 503,
  unavailable: 503,
}

/**
 * HLS that an encoder makes: `PUT` or `POST` of playlists and segments to `/ingest/hls/{KEY}/…`, named as it likes. `DELETE` of what it
 * does not list any more is answered and does nothing: nothing is kept here that could be deleted.
 */
export function createHlsPutHandler({
  ingest,
  remoteOf,
  onError,
  deadline = limits.requestTimeout,
}: HlsPutHandlerOptions): HttpHandler {
  return (req, res) => {
    const { path } = splitTarget(req.url ?? '')
    if (!path.startsWith(PREFIX)) return false
    if ((req.url ?? '').length > limits.url) sendProblem(req, res, tooLong)
    else if (req.method === 'DELETE') noContent(res, 204)
    else if (req.method === 'PUT' || req.method === 'POST') {
      take(req, res, path.slice(PREFIX.length)).catch((error: unknown) => {
        onError?.(error)
        abandon(req, res)
      })
    } else sendProblem(req, res, wrongMethod)
    return true
  }

  async function take(req: HttpRequest, res: HttpResponse, path: string): Promise<void> {
    const slash = path.indexOf('/')
    const key = slash < 0 ? undefined : decoded(path.slice(0, slash))
    if (key === undefined || key === '') return sendProblem(req, res, incomplete)
    const encoder = headerOf(req, 'user-agent')?.slice(0, 100)
    const upload = await (await ingest()).upload({
      ...{ key, path: path.slice(slash + 1), remote: remoteOf(req) },
      ...(encoder !== undefined && { encoder }),
    })
    if (res.destroyed) return 'write' in upload ? upload.abort() : undefined
    if (!('write' in upload)) return sendProblem(req, res, toProblem(upload))
    receive(req, res, upload)
  }

  function receive(req: HttpRequest, res: HttpResponse, upload: PutUpload): void {
    // Only whole GET and HEAD requests are served on the bare connection; all others are Node's, which are streams.
    const body = req as unknown as Readable
    let isOver = false
    const over = (): boolean => {
      const was = isOver
      isOver = true
      return was
    }
    const cut = () => {
      if (!over()) upload.abort()
    }
    // Node's own deadline is looked at now and then, and there is none for a stream of HTTP/2.
    const timer = setTimeout(() => {
      // It was answered, and goes on sending.
      if (over()) return abandon(req, res)
      upload.abort()
      refuseBody(req, res, tooSlow(req, deadline, 'make the segments shorter, or lower the bitrate'))
    }, deadline)
    const settle = () => clearTimeout(timer)
    for (const event of ['end', 'error', 'close']) body.once(event, settle)
    body.on('data', (chunk: Buffer) => {
      if (isOver) return
      const fault = upload.write(chunk)
      if (fault === undefined || over()) return
      sendProblem(req, res, toProblem({ fault, reason: tellPutFault(fault) }))
    })
    const whole = () => {
      if (over()) return
      const answer = upload.end()
      if (answer.kind === 'taken') noContent(res, 201)
      else if (answer.kind === 'rival') {
        sendProblem(req, res, toProblem({ refusal: { code: 'taken-over', reason: answer.reason } }))
      } else if (answer.kind === 'lost') {
        sendProblem(req, res, toProblem({ fault: answer.fault, reason: tellPutFault(answer.fault) }))
      } else sendProblem(req, res, { status: 422, code: 'bad-playlist', detail: `${answer.reason}.` })
    }
    onceEnded(req, { whole, cut })
    body.once('error', cut)
    body.once('close', cut)
  }
}

const tooLong: Problem = {
  status: 414,
  code: 'uri-too-long',
  detail: `An address has at most ${limits.url} characters.`,
}
const incomplete: Problem = {
  ...{ status: 404, code: 'not-found' },
  detail: 'The address is /ingest/hls/KEY/NAME: the key of the channel, then the name of the playlist or segment.',
}
const wrongMethod: Problem = {
  ...{ status: 405, code: 'method-not-allowed', detail: `Only ${METHODS} are answered here.` },
  headers: ['Allow', METHODS],
}

function toProblem(refused: PutRefused): Problem {
  if ('refusal' in refused) {
    const { code, reason } = refused.refusal
    const headers = STATUS[code] === 401 ? ['WWW-Authenticate', 'Bearer'] : []
    return { status: STATUS[code], code, detail: sentence(reason), headers }
  }
  const { fault, reason } = refused
  if (fault === 'too-large') return { status: 413, code: 'too-large', detail: reason }
  if (fault === 'ended') return { status: 503, code: 'unavailable', detail: reason, headers: ['Retry-After', '1'] }
  if (fault === 'bad-name') return { status: 400, code: 'bad-request', detail: sentence(reason) }
  return { status: 503, code: 'busy', detail: reason, headers: ['Retry-After', '1'] }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}

function noContent(res: HttpResponse, status: number): void {
  // A length even of nothing: ffmpeg keeps its connection open for the next file then.
  res.writeHead(status, [...(status === 204 ? [] : ['Content-Length', '0']), 'Cache-Control', 'no-store'])
  res.end()
}

function decoded(piece: string): string | undefined {
  try {
    return decodeURIComponent(piece)
  } catch {
    return undefined
  }
}
