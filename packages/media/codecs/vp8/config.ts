import type { VideoTrackConfig } from '../../track.ts'
import { videoConfigFromVpcC } from '../vp9/config.ts'
import { vpLevel } from '../vp9/vpcc.ts'
import { parseVp8KeyFrame } from './frame.ts'

/** Always 4:2:0 of 8 bits (RFC 6386 §2), in the colours of BT.601 (§9.2). */
const FORMAT = {
  bitDepth: 8,
  chromaSubsampling: 1,
  colour: { primaries: 6, transfer: 6, matrix: 6, fullRange: false },
} as const

/** Track configuration from a key frame, which says all that there is to say. Throws as `parseVp8KeyFrame`. */
export function videoConfigFromVp8KeyFrame(frame: Uint8Array): VideoTrackConfig {
  const { profile, width, height } = parseVp8KeyFrame(frame)
  return videoConfigFromVpcC('vp8', { width, height }, { ...FORMAT, profile, level: vpLevel(width, height) })
}
