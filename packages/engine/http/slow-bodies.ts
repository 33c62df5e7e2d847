import { constants, type Http2ServerRequest } from 'node:http2'
import type { HttpRequest, HttpResponse } from './message.ts'
import { abandon } from './outbox.ts'
import { type Problem, sendProblem } from './problem.ts'

/** A body that a request has to have sent in time, and has not. @param detail what to change @param deadline ms that there were */
export function tooSlow(req: HttpRequest, deadline: number, detail: string): Problem {
  return {
    ...{ status: 408, code: 'too-slow' },
    detail: `It has to be there within ${deadline / 1000} s: ${detail}.`,
    headers: req.httpVersionMajor === 1 ? ['Connection', 'close'] : [],
  }
}

/** Answers a request whose body is not taken any more, and lets go of it. */
export function refuseBody(req: HttpRequest, res: HttpResponse, problem: Problem): void {
  // What is answered goes out first: the response itself has finished only when both sides have (RFC 9113 §8.1).
  if (req.httpVersionMajor === 2) {
    const { stream } = req as unknown as Http2ServerRequest
    stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
  }
  sendProblem(req, res, problem)
}

/**
 * Bodies over HTTP/2 have a deadline as those over HTTP/1.1 have Node's. It comes after that of who takes the body, and as Node's may come
 * a moment late.
 *
 * @param deadline ms
 */
export function limitBody(req: HttpRequest, res: HttpResponse, deadline: number): void {
  if (req.httpVersionMajor !== 2) return
  const { stream } = req as unknown as Http2ServerRequest
  const timer = setTimeout(() => {
    if (stream.readableEnded) return
    if (res.headersSent) abandon(req, res)
    else refuseBody(req, res, tooSlow(req, deadline, 'send it without pauses'))
  }, deadline + AFTER)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
}

/** ms after the deadline of who takes the body. */
const AFTER = 2_000
