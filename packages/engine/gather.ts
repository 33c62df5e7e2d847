/** Chunks of this size and more are kept as they come, bytes. */
const LARGE = 16 * 1024
/** Of the blocks that small ones are copied to: the first, and the largest. Each is twice the one before. */
const FIRST_BLOCK = 4 * 1024
const LARGEST_BLOCK = 64 * 1024

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
  /** Of the block that is begun next: one byte does not take room for thousands. */
  let size = FIRST_BLOCK

  function seal(): void {
    if (block !== undefined) pieces.push(length === block.byteLength ? block : block.slice(0, length))
    block = undefined
    length = 0
  }

  function begin(): Uint8Array {
    const begun = new Uint8Array(size)
    size = Math.min(LARGEST_BLOCK, 2 * size)
    return begun
  }

  return {
    push(chunk) {
      if (chunk.byteLength >= LARGE) {
        seal()
        pieces.push(chunk)
        return
      }
      for (let at = 0; at < chunk.byteLength; ) {
        block ??= begin()
        const taken = Math.min(block.byteLength - length, chunk.byteLength - at)
        block.set(chunk.subarray(at, at + taken), length)
        length += taken
        at += taken
        if (length === block.byteLength) seal()
      }
    },
    bytes() {
      seal()
      const [only] = pieces
      return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
    },
  }
}
