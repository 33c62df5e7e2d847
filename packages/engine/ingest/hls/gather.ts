/** Chunks of this size and more are kept as they come, bytes. */
const LARGE = 16 * 1024
const BLOCK = 64 * 1024

/**
 * Puts chunks together that come one after the other. Small ones are copied: a body may come a byte at a time, and an object for each, with
 * the memory that it is cut from, is a hundred times what it holds.
 */
export interface Gather {
  push(chunk: Uint8Array): void
  /** Everything so far. */
  bytes(): Uint8Array
}

export function createGather(): Gather {
  const pieces: Uint8Array[] = []
  let block: Uint8Array | undefined
  let length = 0

  function seal(): void {
    if (block !== undefined) pieces.push(length === BLOCK ? block : block.slice(0, length))
    block = undefined
    length = 0
  }

  return {
    push(chunk) {
      if (chunk.byteLength >= LARGE) {
        seal()
        pieces.push(chunk)
        return
      }
      for (let at = 0; at < chunk.byteLength; ) {
        block ??= new Uint8Array(BLOCK)
        const taken = Math.min(BLOCK - length, chunk.byteLength - at)
        block.set(chunk.subarray(at, at + taken), length)
        length += taken
        at += taken
        if (length === BLOCK) seal()
      }
    },
    bytes() {
      seal()
      const [only] = pieces
      return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
    },
  }
}
