import type { Readable } from 'node:stream'

/** Bytes that a body has room for at first. */
const FIRST = 4 * 1024

/**
 * The whole body of a request or an answer, in one piece of memory: it may come a byte at a time, and an object for each is a hundred times
 * what it holds. Rejects when the peer goes away before its end. The stream is left as it is, so that a request can be answered still.
 *
 * @param most bytes
 */
export async function readBody(
  body: Readable & { readonly headers: { readonly 'content-length'?: string | undefined } },
  most: number,
): Promise<Buffer | 'too-large'> {
  if (Number(body.headers['content-length'] ?? 0) > most) return 'too-large'
  let held = Buffer.alloc(0)
  let length = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const next = length + chunk.byteLength
    if (next > most) return 'too-large'
    if (next > held.byteLength) {
      const larger = Buffer.alloc(Math.max(next, Math.min(most, Math.max(FIRST, 2 * held.byteLength))))
      held.copy(larger, 0, 0, length)
      held = larger
    }
    chunk.copy(held, length)
    length = next
  }
  return held.subarray(0, length)
}
