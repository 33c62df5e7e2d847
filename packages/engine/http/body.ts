import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import { createGather } from '../gather.ts'
import type { HttpRequest } from './message.ts'

/**
 * The whole body of a request; `too-large` as soon as it is known to be, `cut` when the peer goes away before its end. How long
 * it may take is the server's matter (`limitBody`).
 *
 * @param most bytes.
 */
export function readBody(req: HttpRequest, most: number): Promise<Buffer | 'too-large' | 'cut'> {
  // Only whole GET and HEAD requests are served on the bare connection; all others are Node's, which are streams.
  const body = req as unknown as Readable
  if (Number(req.headers['content-length'] ?? 0) > most) return Promise.resolve('too-large')
  const { promise, resolve } = Promise.withResolvers<Buffer | 'too-large' | 'cut'>()
  const gather = createGather()
  let total = 0
  body.on('data', (chunk: Buffer) => {
    total += chunk.byteLength
    // Read on, and let go: of a stream that stands still Node keeps what comes, an object for each chunk.
    if (total > most) resolve('too-large')
    else gather.push(chunk)
  })
  onceEnded(req, { whole: () => resolve(asBuffer(gather.bytes())), cut: () => resolve('cut') })
  body.once('error', () => resolve('cut'))
  body.once('close', () => resolve('cut'))
  return promise
}

/** Calls one of them when the body has come to its end, which Node says of a stream of HTTP/2 that was reset too. */
export function onceEnded(req: HttpRequest, then: { readonly whole: () => void; readonly cut: () => void }): void {
  const body = req as unknown as Readable
  body.once('end', () => {
    if (req.httpVersionMajor !== 2) return then.whole()
    const { stream } = req as unknown as Http2ServerRequest
    if (stream.closed) then.cut()
    else then.whole()
  })
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
