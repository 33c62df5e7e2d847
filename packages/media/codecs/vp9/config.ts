import type { VideoTrackConfig } from '../../track.ts'
import { parseVp9KeyFrame } from './frame.ts'
import { parseVpcC, type VpcC, vpCodecString, vpLevel, writeVpcC } from './vpcc.ts'

/**
 * Track configuration from a key frame, which alone says how large pictures are.
 * @param vpcC the container's record where there is one: it knows the level and the transfer of HDR. Throws as `parseVp9KeyFrame` and
 *   `parseVpcC`.
 */
export function videoConfigFromVp9KeyFrame(frame: Uint8Array, vpcC?: Uint8Array): VideoTrackConfig {
  const { profile, bitDepth, subsamplingX, subsamplingY, colour, width, height } = parseVp9KeyFrame(frame)
  const said = vpcC === undefined ? undefined : parseVpcC(vpcC)
  return videoConfigFromVpcC(
    'vp9',
    { width, height },
    {
      profile,
      // 0 is what encoders write that do not know theirs.
      level: said === undefined || said.level === 0 ? vpLevel(width, height) : said.level,
      bitDepth,
      chromaSubsampling: subsamplingX === 0 ? 3 : subsamplingY === 0 ? 2 : (said?.chromaSubsampling ?? 1),
      colour: said?.colour ?? colour,
    },
  )
}

/** Track configuration of VP8 or VP9 from its record and the size that the container names (MP4). */
export function videoConfigFromVpcC(
  codec: 'vp8' | 'vp9',
  { width, height }: { readonly width: number; readonly height: number },
  record: VpcC,
): VideoTrackConfig {
  return {
    kind: 'video',
    codec,
    codecString: vpCodecString(codec === 'vp8' ? 'vp08' : 'vp09', record),
    timescale: 90_000,
    width,
    height,
    sampleAspectRatio: [1, 1],
    decoderConfig: writeVpcC(record),
  }
}
