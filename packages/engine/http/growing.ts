import type { GrowingMedia } from '../packager/live.ts'
import { mediaHeaders } from './headers.ts'
import type { HeldRequests } from './held-requests.ts'
import { limits } from './limits.ts'
import { type HttpRequest, type HttpResponse, isEncrypted } from './message.ts'
import { abandon, admit, drained } from './outbox.ts'
import { busy, sendProblem } from './problem.ts'
import { answeredByCondition } from './respond.ts'

export interface GrowingMeans {
  /** Bounds those who wait, and releases them in turns. */
  readonly held: HeldRequests
  /** So many bytes have been handed over. */
  sent?(req: HttpRequest, bytes: number): void
}

/**
 * Sends a segment while it is made: each part as it closes, in a body without a length (RFC 9112 §7.1; in HTTP/2 as DATA
 * frames). Between two parts the request is held like any other. What cannot be brought to its end is cut off, never ended:
 * a cache would keep it as a whole segment.
 *
 * A range is not looked at, which is always allowed (RFC 9110 §14.2): the length is not known.
 *
 * @param deadline milliseconds that the peer has to take the whole, from now on.
 */
export function sendGrowing(
  req: HttpRequest,
  res: HttpResponse,
  media: GrowingMedia,
  means: GrowingMeans,
  deadline: number,
): void {
  const first = media.from(0)
  if (first.kind === 'lost') return sendProblem(req, res, busy())
  if (answeredByCondition(req, res, undefined, mediaHeaders)) return
  if (req.method === 'HEAD') {
    res.writeHead(200, [...mediaHeaders])
    res.write(new Uint8Array(0))
    res.end()
    return
  }
  if (!admit(req, res, first.kind === 'parts' ? first.total : 0, deadline)) return
  res.writeHead(200, [...mediaHeaders])
  goOn(req, res, media, means, 0, false).catch(() => abandon(req, res))
}

/** @param hasWaited for what is there now: nothing more is no reason to wait again. */
async function goOn(
  req: HttpRequest,
  res: HttpResponse,
  media: GrowingMedia,
  means: GrowingMeans,
  from: number,
  hasWaited: boolean,
): Promise<void> {
  for (let place = from; !res.destroyed; ) {
    const step = media.from(place)
    if (step.kind === 'parts') {
      means.sent?.(req, step.total)
      if (!(await writeAll(req, res, step.chunks))) return
      place = step.next
      continue
    }
    if (step.kind === 'end') {
      res.end()
      return
    }
    const isOver = step.kind === 'lost' || (hasWaited && place === from)
    const wait = () =>
      step.kind === 'wait' &&
      means.held.hold(req, res, step.ready, 'urgent', (q, r) => {
        goOn(q, r, media, means, place, true).catch(() => abandon(q, r))
      })
    if (isOver || !wait()) abandon(req, res)
    return
  }
}

/** False when the peer is gone. Nothing is handed over before the peer has taken what came before. */
async function writeAll(req: HttpRequest, res: HttpResponse, chunks: readonly Uint8Array[]): Promise<boolean> {
  for (const chunk of chunks) {
    const slice = isEncrypted(req) ? limits.encryptedSlice : chunk.byteLength
    for (let at = 0; at < chunk.byteLength; at += slice) {
      if (!res.write(chunk.subarray(at, at + slice)) && !(await drained(res))) return false
    }
  }
  return !res.destroyed
}
