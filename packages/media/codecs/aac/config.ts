import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { type AudioSpecificConfig, parseAsc } from './asc.ts'

/** Longest AudioSpecificConfig taken: a program config element's comment alone may have 255 bytes. */
const MAX_ASC = 512

/**
 * Track configuration from an AudioSpecificConfig, of which a copy is kept. Throws as `parseAsc`, and `too-large`.
 */
export function audioConfigFromAsc(asc: Uint8Array): AudioTrackConfig {
  if (asc.byteLength > MAX_ASC) {
    throw new MediaError('too-large', `asc: ${asc.byteLength} bytes, at most ${MAX_ASC}`, { structure: 'asc' })
  }
  const config = parseAsc(asc)
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: codecString(config),
    timescale: config.sampleRate,
    sampleRate: config.sampleRate,
    channels: config.channels,
    frameLength: config.coreFrameLength * (config.sampleRate / config.coreSampleRate),
    // Not slice(): a Node Buffer's is a view.
    decoderConfig: new Uint8Array(asc),
  }
}

/** RFC 6381 §3.3 with the object types of ISO/IEC 14496-3 table 1.17. */
function codecString(config: AudioSpecificConfig): string {
  if (config.ps) return 'mp4a.40.29'
  return config.sbr ? 'mp4a.40.5' : 'mp4a.40.2'
}
