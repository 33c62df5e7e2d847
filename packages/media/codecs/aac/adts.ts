import { MediaError } from '../../error.ts'
import { parseAsc, SAMPLE_RATES } from './asc.ts'

const HEADER = 7

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
