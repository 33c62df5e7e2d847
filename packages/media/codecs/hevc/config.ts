import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { type HevcParameterSets, hvcCFromParameterSets, parseHvcC } from './hvcc.ts'
import { hevcCodecParameters } from './profile.ts'
import { parseHevcSps } from './sps.ts'

/**
 * Track configuration from an encoder's HEVCDecoderConfigurationRecord. The record is written anew from its parameter sets with
 * `lengthSizeMinusOne` = 3, so the same sets always give the same bytes and nothing of the input is held; units of a track whose
 * record said otherwise go through `toHevcSample` (`parseHvcC(hvcC).lengthSize`). Throws `truncated` or `malformed`.
 */
export function videoConfigFromHvcC(hvcC: Uint8Array): VideoTrackConfig {
  return videoConfigFromHevcSets(parseHvcC(hvcC))
}

/** Track configuration from parameter sets found in the stream. Throws as `hvcCFromParameterSets`. */
export function videoConfigFromHevcSets(
  sets: Omit<HevcParameterSets, 'sei'> & Partial<Pick<HevcParameterSets, 'sei'>>,
): VideoTrackConfig {
  const first = sets.sps[0]
  if (first === undefined) {
    throw new MediaError('malformed', 'hvcC: no sequence parameter set', { structure: 'hvcC' })
  }
  const sps = parseHevcSps(first)
  return {
    kind: 'video',
    codec: 'hevc',
    codecString: `hvc1.${hevcCodecParameters(sps.profile)}`,
    timescale: 90_000,
    width: sps.width,
    height: sps.height,
    sampleAspectRatio: sps.sampleAspectRatio,
    ...(sps.frameRate === undefined ? {} : { frameRate: sps.frameRate }),
    decoderConfig: hvcCFromParameterSets(sets),
  }
}
