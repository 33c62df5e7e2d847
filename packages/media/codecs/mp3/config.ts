import type { AudioTrackConfig } from '../../track.ts'
import { parseMp3FrameHeader } from './frame-header.ts'

/** Track configuration from any frame: each says all of it. Throws as `parseMp3FrameHeader`. */
export function audioConfigFromMp3Frame(frame: Uint8Array): AudioTrackConfig {
  return audioConfigFromMp3Header(parseMp3FrameHeader(frame))
}

/** The same from what a container says of it. */
export function audioConfigFromMp3Header(header: {
  readonly sampleRate: number
  readonly channels: number
}): AudioTrackConfig {
  const { sampleRate, channels } = header
  return {
    kind: 'audio',
    codec: 'mp3',
    // MPEG-4 audio object type 34, "Layer-3" (RFC 6381 §3.3): the form that HLS players know.
    codecString: 'mp4a.40.34',
    timescale: sampleRate,
    sampleRate,
    channels,
    frameLength: sampleRate < 32_000 ? 576 : 1152,
    decoderConfig: new Uint8Array(),
  }
}
