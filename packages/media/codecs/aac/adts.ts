import { MediaError } from '../../error.ts'
import { parseAsc, SAMPLE_RATES } from './asc.ts'

const HEADER = 7

/** Bytes from which a header is known. */
export const ADTS_HEAD = HEADER

/** What an ADTS header says of its frame (ISO/IEC 14496-3 §1.A.2.2). */
export interface AdtsHeader {
  /** With the checksum where there is one. */
  readonly headerBytes: number
  /** Header and payload. */
  readonly frameBytes: number
  /** AudioSpecificConfig that says the same. */
  readonly asc: Uint8Array
  /** Raw data blocks: 1, up to 4. */
  readonly blocks: number
}

/** Whether a frame may begin at `offset`, and its bytes; −1 when not. `ADTS_HEAD` bytes must be there. */
export function adtsFrameBytes(data: Uint8Array, offset: number): number {
  const second = data[offset + 1] ?? 0
  // syncword and layer 0; the bit of MPEG-2 or MPEG-4 may be either.
  if (data[offset] !== 0xff || (second & 0xf6) !== 0xf0) return -1
  const [third = 0, fourth = 0, fifth = 0] = [data[offset + 3], data[offset + 4], data[offset + 5]]
  const bytes = ((third & 3) << 11) | (fourth << 3) | (fifth >> 5)
  return bytes < headerBytes(second) ? -1 : bytes
}

/** Reads a header; throws `truncated`, `malformed`, and `unsupported` where the channels are told by a program config element. */
export function parseAdtsHeader(data: Uint8Array): AdtsHeader {
  if (data.byteLength < HEADER) throw new MediaError('truncated', 'adts: header is cut', { structure: 'adts' })
  const frameBytes = adtsFrameBytes(data, 0)
  if (frameBytes === -1) throw new MediaError('malformed', 'adts: no frame begins here', { structure: 'adts' })
  const [, second = 0, third = 0, fourth = 0, , , seventh = 0] = data
  const channels = ((third & 1) << 2) | (fourth >> 6)
  if (channels === 0) {
    throw new MediaError('unsupported', 'adts: channels in a program config element', { structure: 'adts' })
  }
  const objectType = (third >> 6) + 1
  const rate = (third >> 2) & 15
  return {
    headerBytes: headerBytes(second),
    frameBytes,
    asc: Uint8Array.of((objectType << 3) | (rate >> 1), ((rate & 1) << 7) | (channels << 3)),
    blocks: (seventh & 3) + 1,
  }
}

function headerBytes(second: number): number {
  return (second & 1) === 0 ? HEADER + 2 : HEADER
}

/**
 * Makes the header that a raw AAC frame needs to be told from the next one in a byte stream: adts_fixed_header and
 * adts_variable_header without a checksum (ISO/IEC 14496-3 §1.A.2.2). SBR is left for the decoder to find.
 *
 * Throws as `parseAsc`, and `unsupported` where there is no such header: other sample rates, frames of 960 samples, channels
 * told by a program config element.
 *
 * @returns a header of 7 bytes for a frame of so many; throws `too-large` above 8184.
 */
export function createAdtsHeader(asc: Uint8Array): (frameBytes: number) => Uint8Array {
  const { coreSampleRate, channelConfiguration, coreFrameLength } = parseAsc(asc)
  const rate = SAMPLE_RATES.indexOf(coreSampleRate)
  if (rate < 0 || coreFrameLength !== 1024 || channelConfiguration < 1 || channelConfiguration > 7) {
    const what = `${coreSampleRate} Hz, channelConfiguration ${channelConfiguration}, ${coreFrameLength} samples`
    throw new MediaError('unsupported', `adts: ${what}`, { structure: 'adts' })
  }
  return (frameBytes) => {
    const length = HEADER + frameBytes
    if (length > 0x1fff) throw new MediaError('too-large', `adts: a frame of ${frameBytes} bytes`)
    return Uint8Array.of(
      0xff, // syncword
      0xf1, // its end, MPEG-4, layer 0, no checksum
      (1 << 6) | (rate << 2) | (channelConfiguration >> 2), // profile: AAC LC
      ((channelConfiguration & 3) << 6) | (length >> 11),
      (length >> 3) & 0xff,
      ((length & 7) << 5) | 0x1f, // buffer fullness 0x7ff: variable rate
      0xfc, // one raw data block
    )
  }
}
