import { MediaError } from '../error.ts'
import type { AudioTrackConfig } from '../track.ts'
import { flacBlockSize } from './flac/frame-header.ts'
import { opusDuration } from './opus/packet.ts'

/**
 * Ticks of one frame of sound, in the track's timescale. Opus encoders may change theirs from packet to packet, and FLAC's say it
 * in each; all others have the track's. So has a frame that cannot be read.
 */
export function frameLengthOf(config: AudioTrackConfig, frame: Uint8Array): number {
  try {
    if (config.codec === 'opus') return opusDuration(frame)
    if (config.codec === 'flac') return flacBlockSize(frame)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return config.frameLength
}
