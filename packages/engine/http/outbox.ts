import { constants, type Http2ServerRequest } from 'node:http2'
import { limits } from './limits.ts'
import { type Connection, connectionOf, type HttpRequest, type HttpResponse, isEncrypted } from './message.ts'
import { isShared } from './shared-connections.ts'

/** What a connection's peer has been sent and has not taken. */
interface Outbox {
  bytes: number
  answers: number
}

/** What one connection may leave untaken. */
const ofViewer = {
  bytes: limits.connectionBytes,
  answers: limits.connectionAnswers,
  crowded: limits.crowdedAnswers,
}
const ofProxy = { bytes: limits.sharedBytes, answers: limits.sharedAnswers, crowded: limits.sharedCrowdedAnswers }

const outboxes = new WeakMap<Connection, Outbox>()

/**
 * Bytes that connections hold because their peers are slow, and how often one was cut off; those of them that were read from
 * the store, the downloads under way, and how often an answer was refused for their number. For the metrics.
 */
export const outboxFigures = {
  ...{ pendingBytes: 0, pendingAnswers: 0, overBudget: 0, overDeadline: 0 },
  ...{ storedBytes: 0, downloads: 0, overStored: 0 },
}

/**
 * Sends a body of ready buffers, after `writeHead`. The buffers are shared, never copied by us.
 *
 * A peer that does not take them costs no more than the budget of its connection, and no longer than the deadline: then
 * its socket (HTTP/1.1) or stream (HTTP/2) is destroyed, for buffers pinned by dead sockets are the usual leak.
 *
 * @param deadline milliseconds from now within which the kernel must have accepted everything.
 */
export function sendChunks(
  req: HttpRequest,
  res: HttpResponse,
  chunks: readonly Uint8Array[],
  total: number,
  deadline: number,
): void {
  const connection = connectionOf(req)
  if (connection === undefined || !isWithinBudget(req, res, connection, total)) return
  if (isEncrypted(req) && total > limits.encryptedSlice) {
    hold(req, res, connection, total, deadline)
    void writeSlices(res, chunks)
    return
  }
  const last = chunks.length - 1
  // One call of the kernel for all: with one for each, a segment of six parts took a third more of a processor.
  if (last > 0) res.cork()
  for (let i = 0; i < last; i++) res.write(chunks[i] as Uint8Array)
  if (last >= 0) res.end(chunks[last])
  else res.end()
  // Usually the kernel takes everything at once, and there is nothing to watch.
  if (req.httpVersionMajor === 1 && taken(req, res)) return
  hold(req, res, connection, total, deadline)
}

/**
 * Counts an answer that goes on being made among those that its connection has not taken, until it is over or its deadline
 * has come.
 *
 * @param total bytes that are there of it.
 * @returns false where the connection has too many; it has been cut off then.
 */
export function admit(req: HttpRequest, res: HttpResponse, total: number, deadline: number): boolean {
  const connection = connectionOf(req)
  if (connection === undefined || !isWithinBudget(req, res, connection, total)) return false
  hold(req, res, connection, total, deadline)
  return true
}

/** False where the connection leaves too much untaken; it has been cut off then. */
function isWithinBudget(req: HttpRequest, res: HttpResponse, connection: Connection, total: number): boolean {
  const box = outboxes.get(connection)
  if (box === undefined || box.answers === 0) return true
  const most = isShared(connection) ? ofProxy : ofViewer
  const crowded = outboxFigures.pendingAnswers >= limits.totalAnswers
  if (box.answers < (crowded ? most.crowded : most.answers) && box.bytes + total <= most.bytes) return true
  outboxFigures.overBudget++
  abandon(req, res)
  return false
}

/** Calls `done` once: when the kernel has taken the last byte of the answer, or its peer is gone. */
export function whenTaken(req: HttpRequest, res: HttpResponse, done: () => void): void {
  if (res.destroyed) return done()
  if (req.httpVersionMajor === 1 && res.writableEnded && taken(req, res)) return done()
  let over = false
  const once = () => {
    if (over) return
    over = true
    done()
  }
  res.once('finish', once)
  res.once('close', once)
}

/** True when nothing of an ended answer is left in this process: not queued behind another answer, not in the socket. */
function taken(req: HttpRequest, res: HttpResponse): boolean {
  return res.writableFinished || (res as unknown as { socket: unknown }).socket === null
    ? res.writableFinished
    : req.socket.writableLength === 0
}

/** Counts the answer in its connection's outbox until it is over, and ends it at the deadline. */
function hold(req: HttpRequest, res: HttpResponse, connection: Connection, total: number, deadline: number): void {
  let box = outboxes.get(connection)
  if (box === undefined) outboxes.set(connection, (box = { bytes: 0, answers: 0 }))
  const counted = box
  counted.bytes += total
  counted.answers++
  outboxFigures.pendingBytes += total
  outboxFigures.pendingAnswers++
  const timer = setTimeout(() => {
    outboxFigures.overDeadline++
    abandon(req, res)
  }, deadline)
  timer.unref()
  let over = false
  const release = () => {
    if (over) return
    over = true
    clearTimeout(timer)
    counted.bytes -= total
    counted.answers--
    outboxFigures.pendingBytes -= total
    outboxFigures.pendingAnswers--
  }
  res.once('finish', release)
  res.once('close', release)
}

/**
 * On an encrypted connection whatever is written is copied as ciphertext, so it is handed over in slices, each when the
 * one before has gone.
 */
async function writeSlices(res: HttpResponse, chunks: readonly Uint8Array[]): Promise<void> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += limits.encryptedSlice) {
      const more = res.write(chunk.subarray(at, at + limits.encryptedSlice))
      if (!more && !(await drained(res))) return
    }
  }
  res.end()
}

/** Resolves true when more may be written, false when the peer is gone. */
export function drained(res: HttpResponse): Promise<boolean> {
  if (res.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    const settle = (goesOn: boolean) => {
      res.off('drain', onDrain)
      res.off('close', onClose)
      resolve(goesOn)
    }
    const onDrain = () => settle(true)
    const onClose = () => settle(false)
    res.on('drain', onDrain)
    res.on('close', onClose)
  })
}

/**
 * Destroys the socket under HTTP/1.1, the stream under HTTP/2. An answer cut short must not look whole: a stream that is reset
 * without an error may be taken for one that has come to its end (RFC 9113 §8.1), and so may a connection of HTTP/1.0, which
 * nginx uses unless told otherwise, where the body has no length: the end of both is the same (RFC 9112 §6.3).
 */
export function abandon(req: HttpRequest, res: HttpResponse): void {
  if (req.httpVersionMajor !== 2) {
    if (req.httpVersionMinor === 0 && !isEncrypted(req)) req.socket.resetAndDestroy()
    else req.socket.destroy()
    return
  }
  const { stream } = req as unknown as Http2ServerRequest
  if (!stream.closed && !stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  res.destroy()
}
