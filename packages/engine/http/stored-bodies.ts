import { limits } from './limits.ts'
import { outboxFigures } from './outbox.ts'

/** Who holds each buffer: those who asked at the same time share what was read. */
const holders = new Map<ArrayBufferLike, number>()

/**
 * Counts what was read from the store for an answer, and is held by answers alone, until that is over. What is live is in
 * memory once however many watch it; of this a thousand peers who read slowly would hold as many copies.
 *
 * @returns what ends it; `undefined` where answers hold too much already.
 */
export function holdStored(chunks: readonly Uint8Array[]): (() => void) | undefined {
  const buffers = new Set(chunks.map(({ buffer }) => buffer))
  let more = 0
  for (const buffer of buffers) if (!holders.has(buffer)) more += buffer.byteLength
  if (more > 0 && outboxFigures.storedBytes + more > limits.storedBytes) {
    outboxFigures.overStored++
    return undefined
  }
  outboxFigures.storedBytes += more
  for (const buffer of buffers) holders.set(buffer, (holders.get(buffer) ?? 0) + 1)
  return () => {
    for (const buffer of buffers) {
      const left = (holders.get(buffer) ?? 1) - 1
      if (left > 0) holders.set(buffer, left)
      else {
        holders.delete(buffer)
        outboxFigures.storedBytes -= buffer.byteLength
      }
    }
  }
}
