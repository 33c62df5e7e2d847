import type { HttpRequest, HttpResponse } from './message.ts'
import { abandon } from './outbox.ts'
import { type Problem, sendProblem } from './problem.ts'

/** An answer that something slow makes, as a disk or a program. */
export interface SlowAnswer {
  /** Milliseconds that the client waits. */
  readonly patience: number
  /** What is said then. */
  readonly late: Problem
  /**
   * Makes it.
   *
   * @param gone nobody waits for it any more: the client went, or was told that it was not in time
   * @returns what sends it, also where it failed
   */
  work(gone: AbortSignal): Promise<() => unknown>
}

/**
 * Answers when the work is done, or says that it was not in time: never twice, and not to a client who has gone.
 *
 * @returns when the work is over, in time or not. Never rejects.
 */
export function answerInTime(req: HttpRequest, res: HttpResponse, { patience, late, work }: SlowAnswer): Promise<void> {
  let isOver = false
  const gone = new AbortController()
  const finish = (send: () => unknown) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    if (!res.destroyed) send()
  }
  const giveUp = (send: () => unknown) => {
    if (!isOver) gone.abort()
    finish(send)
  }
  const timer = setTimeout(() => giveUp(() => sendProblem(req, res, late)), patience)
  timer.unref()
  res.once('close', () => giveUp(() => undefined))
  // One bad answer must not end the process.
  return work(gone.signal)
    .then(finish)
    .catch(() => abandon(req, res))
}
