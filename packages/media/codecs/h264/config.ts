import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { avcCFromParameterSets, parseAvcC } from './avcc.ts'
import { avcCodecString, parseSps } from './sps.ts'

/**
 * Track configuration from an encoder's AVCDecoderConfigurationRecord. The record is written anew from its parameter sets
 * with `lengthSizeMinusOne` = 3, so the same sets always give the same bytes and nothing of the input is held; units of a
 * track whose record said otherwise go through `toFourByteLengths` (`parseAvcC(avcC).lengthSize`).
 * Throws `truncated`, `malformed`, or `unsupported` for what the sequence parameter set says.
 */
export function videoConfigFromAvcC(avcC: Uint8Array): VideoTrackConfig {
  const record = parseAvcC(avcC)
  const first = record.sps[0]
  if (first === undefined) {
    throw new MediaError('malformed', 'avcC: no sequence parameter set', { structure: 'avcC' })
  }
  const sps = parseSps(first)
  return {
    kind: 'video',
    codec: 'h264',
    codecString: avcCodecString(sps),
    timescale: 90_000,
    width: sps.width,
    height: sps.height,
    sampleAspectRatio: sps.sampleAspectRatio,
    ...(sps.frameRate === undefined ? {} : { frameRate: sps.frameRate }),
    decoderConfig: avcCFromParameterSets(record.sps, record.pps, record.spsExtensions),
  }
}

export { avcCFromParameterSets }
