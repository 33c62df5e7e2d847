import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'

/** STREAMINFO (RFC 9639 §8.2). */
export interface FlacStreamInfo {
  /** Samples of a block; equal where all but the last are of one size. */
  readonly minBlock: number
  readonly maxBlock: number
  readonly sampleRate: number
  readonly channels: number
  readonly bitsPerSample: number
}

export const STREAM_INFO_BYTES = 34

/** Reads the block's content, 34 bytes without header. Throws `truncated`, `malformed`. */
export function parseStreamInfo(content: Uint8Array): FlacStreamInfo {
  const bits = new BitReader(content, 'streaminfo')
  const minBlock = bits.u(16)
  const maxBlock = bits.u(16)
  bits.skip(48) // smallest and largest frame, bytes
  const sampleRate = bits.u(20)
  const channels = bits.u(3) + 1
  const bitsPerSample = bits.u(5) + 1
  bits.skip(36 + 128) // total samples, MD5
  // §8.2: blocks have 16 samples at least; a rate of 0 is for what is not sound.
  if (minBlock < 16 || maxBlock < minBlock || sampleRate === 0 || bitsPerSample < 4) {
    throw new MediaError('malformed', `flac: blocks of ${minBlock} to ${maxBlock} samples at ${sampleRate} Hz`, {
      structure: 'streaminfo',
    })
  }
  return { minBlock, maxBlock, sampleRate, channels, bitsPerSample }
}
