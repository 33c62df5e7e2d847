import type { VideoTrackConfig } from '../track.ts'
import { sequenceHeaderOf } from './av1/config.ts'
import { parseSequenceHeader } from './av1/sequence-header.ts'
import type { ColourDescription } from './colour.ts'
import { parseAvcC } from './h264/avcc.ts'
import { parseSps } from './h264/sps.ts'
import { parseHvcC } from './hevc/hvcc.ts'
import { parseHevcSps } from './hevc/sps.ts'
import { parseVpcC } from './vp9/vpcc.ts'

/** Code point of ITU-T H.273. */
const UNSPECIFIED = 2

/** What a track's configuration says beyond what all codecs have in common. */
export interface VideoFacts {
  /** `undefined` where nothing is said. */
  readonly colour?: ColourDescription
  /** Pictures may be coded as fields. */
  readonly interlaced: boolean
  /** Pictures that may be decoded before one that is shown before them; 0 promises that there are none, `undefined` says nothing. */
  readonly reordered?: number
}

/** Reads them from the track's configuration. Throws as the codec's parser. */
export function videoFacts({ codec, decoderConfig }: VideoTrackConfig): VideoFacts {
  switch (codec) {
    case 'h264': {
      const [first] = parseAvcC(decoderConfig).sps
      if (first === undefined) return { interlaced: false }
      const { colour, frameMbsOnly, maxNumReorderFrames } = parseSps(first)
      return facts(colour, !frameMbsOnly, maxNumReorderFrames)
    }
    case 'hevc': {
      const [first] = parseHvcC(decoderConfig).sps
      if (first === undefined) return { interlaced: false }
      const { colour, interlaced, maxNumReorderPics } = parseHevcSps(first)
      return facts(colour, interlaced, maxNumReorderPics)
    }
    case 'av1': {
      const header = sequenceHeaderOf(decoderConfig)
      return facts(header && parseSequenceHeader(header).colour, false, 0)
    }
    case 'vp8':
    case 'vp9':
      return facts(said(parseVpcC(decoderConfig).colour), false, 0)
  }
}

/** The record of VP8 and VP9 always has a place for it. */
function said(colour: ColourDescription): ColourDescription | undefined {
  const { primaries, transfer, matrix, fullRange } = colour
  return [primaries, transfer, matrix].every((point) => point === UNSPECIFIED) && !fullRange ? undefined : colour
}

function facts(colour: ColourDescription | undefined, interlaced: boolean, reordered: number | undefined): VideoFacts {
  return { interlaced, ...(colour && { colour }), ...(reordered !== undefined && { reordered }) }
}
