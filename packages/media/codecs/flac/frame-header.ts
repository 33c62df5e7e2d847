import { MediaError } from '../../error.ts'

/** Code of a block size (RFC 9639 §9.1.1) to samples, where the code says it alone. */
const BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768]
/** The size minus one follows, in 8 or 16 bits. */
const SIZE_8 = 6
const SIZE_16 = 7

/** Samples of the FLAC frame that begins here. Throws `truncated`, `malformed`. */
export function flacBlockSize(frame: Uint8Array): number {
  const third = frame[2]
  if (third === undefined) throw truncated()
  // §9.1: 15 bits of sync code, then the blocking strategy.
  if (frame[0] !== 0xff || ((frame[1] ?? 0) & 0xfe) !== 0xf8) throw malformed('no frame begins here')
  const code = third >> 4
  if (code === 0) throw malformed('a reserved block size')
  if (code !== SIZE_8 && code !== SIZE_16) return BLOCK_SIZES[code] ?? 0
  // The frame's or sample's number is in front of it, coded as UTF-8 codes characters (§9.1.5).
  const first = frame[4]
  if (first === undefined) throw truncated()
  const ones = Math.clz32(~(first << 24))
  if (ones === 1 || ones > 7) throw malformed('a coded number that is none')
  const at = 4 + Math.max(1, ones)
  const high = frame[at]
  const low = frame[at + 1]
  if (high === undefined || (code === SIZE_16 && low === undefined)) throw truncated()
  const size = (code === SIZE_8 ? high : high * 256 + (low ?? 0)) + 1
  if (size > 0xffff) throw malformed('a block of 65536 samples')
  return size
}

function truncated(): MediaError {
  return new MediaError('truncated', 'flac: frame header is cut', { structure: 'flac' })
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `flac: ${what}`, { structure: 'flac' })
}
