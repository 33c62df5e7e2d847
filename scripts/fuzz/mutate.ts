/** Small deterministic generator (mulberry32): the same seed gives the same inputs on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Values at which lengths, counts and signs go wrong. */
const interesting = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535]
const interestingWide = [0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x00ffffff, 0x01000000, 0x40000000]

/** No input grows past this, so that a run's memory is the target's and not the fuzzer's. */
const largest = 256 * 1024

/**
 * One input made from the corpus: a member of it with one to eight changes. Bits, bytes, integers of 1 to 4 bytes in both
 * byte orders, ranges taken out, doubled, moved or spliced in from another member.
 */
export function mutate(corpus: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[], otherwise: T): T => list[below(list.length)] ?? otherwise
  let bytes = Uint8Array.from(pick(corpus, new Uint8Array()))
  for (let left = 1 + below(8); left > 0; left -= 1) {
    const at = below(bytes.length + 1)
    const length = Math.min(bytes.length - at, 1 + below(random() < 0.8 ? 16 : 4096))
    switch (below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
        break
      case 1:
        if (at < bytes.length) bytes[at] = below(256)
        break
      case 2:
        writeInteger(bytes, at, 1 + below(4), pick(random() < 0.6 ? interesting : interestingWide, 0), random() < 0.5)
        break
      case 3:
        bytes = join(bytes.subarray(0, at), bytes.subarray(at + length))
        break
      case 4:
        bytes = join(bytes.subarray(0, at + length), bytes.subarray(at))
        break
      case 5:
        bytes = join(
          bytes.subarray(0, at),
          Uint8Array.from({ length }, () => below(256)),
          bytes.subarray(at),
        )
        break
      case 6: {
        const other = pick(corpus, bytes)
        const from = below(other.length)
        bytes = join(bytes.subarray(0, at), other.subarray(from, from + 1 + below(other.length)), bytes.subarray(at))
        break
      }
      case 7:
        if (random() < 0.3) bytes = bytes.slice(0, at)
        break
    }
  }
  return bytes.subarray(0, largest)
}

function join(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

function writeInteger(bytes: Uint8Array, at: number, width: number, value: number, little: boolean): void {
  for (let index = 0; index < width && at + index < bytes.length; index += 1) {
    const shift = 8 * (little ? index : width - 1 - index)
    bytes[at + index] = (value >>> shift) & 0xff
  }
}
