import type { Readable } from 'node:stream'

/** Bytes that a body has room for at first. */
const FIRST = 4 * 1024

/**
 * The whole body of a request or an answer, in one piece of memory: it may come a byte at a time, and an object for each is a hundred times
 * what it holds. `too-large` as soon as it is known to be, `cut` when the peer goes away before its end.
 *
 * @param most bytes
 */
export function readBody(
  body: Readable & {
    readonly headers: { readonly 'content-length'?: string | undefined }
    /** Of HTTP/2. */
    readonly stream?: { readonly closed: boolean }
  },
  most: number,
): Promise<Buffer | 'too-large' | 'cut'> {
  if (Number(body.headers['content-length'] ?? 0) > most) return Promise.resolve('too-large')
  const { promise, resolve } = Promise.withResolvers<Buffer | 'too-large' | 'cut'>()
  let held = Buffer.alloc(0)
  let length = 0
  body.on('data', (chunk: Buffer) => {
    const next = length + chunk.byteLength
    // Read on, and let go: of a stream that stands still Node keeps what comes, an object for each chunk.
    if (next > most) return resolve('too-large')
    if (next > held.byteLength) {
      const larger = Buffer.alloc(Math.max(next, Math.min(most, Math.max(FIRST, 2 * held.byteLength))))
      held.copy(larger, 0, 0, length)
      held = larger
    }
    chunk.copy(held, length)
    length = next
  })
  // Node says so of a stream of HTTP/2 that was reset, too.
  body.once('end', () => resolve(body.stream?.closed === true ? 'cut' : held.subarray(0, length)))
  body.once('error', () => resolve('cut'))
  body.once('close', () => resolve('cut'))
  return promise
}
