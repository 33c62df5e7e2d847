import type { AudioTrackConfig } from '../../track.ts'
import { headOfChannels, type OpusHead, parseDOps, parseOpusHead, writeDOps } from './head.ts'

/** Ticks of 48 kHz: 20 ms, which nearly every encoder sends. */
const USUAL_FRAME = 960

/**
 * Track configuration from an identification header (Ogg, RTMP). Throws as `parseOpusHead`.
 * @param frameLength ticks of a packet where one is known: `opusDuration`.
 */
export function audioConfigFromOpusHead(head: Uint8Array, frameLength: number = USUAL_FRAME): AudioTrackConfig {
  return configOf(parseOpusHead(head), frameLength)
}

/** Track configuration from the content of a `dOps` box (MP4). Throws as `parseDOps`. */
export function audioConfigFromDOps(dOps: Uint8Array, frameLength: number = USUAL_FRAME): AudioTrackConfig {
  return configOf(parseDOps(dOps), frameLength)
}

/** Track configuration where nothing but the number of channels is said (RTP, MPEG-TS). Throws `unsupported`. */
export function audioConfigFromOpusChannels(channels: number, frameLength: number = USUAL_FRAME): AudioTrackConfig {
  return configOf(headOfChannels(channels), frameLength)
}

function configOf(head: OpusHead, frameLength: number): AudioTrackConfig {
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: 'Opus',
    timescale: 48_000,
    sampleRate: 48_000,
    channels: head.channels,
    frameLength,
    decoderConfig: writeDOps(head),
  }
}
