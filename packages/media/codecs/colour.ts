/** ITU-T H.273 code points, as `colr`/`nclx` carries them. */
export interface ColourDescription {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  readonly fullRange: boolean
}

/** `transfer_characteristics` of ITU-T H.273. */
const PQ = 16
const HLG = 18

/** What a display must be able to show, in the words of HLS (RFC 8216bis §4.4.6.2, VIDEO-RANGE). */
export type VideoRange = 'SDR' | 'HLG' | 'PQ'

export function videoRange(colour: ColourDescription | undefined): VideoRange {
  if (colour?.transfer === PQ) return 'PQ'
  return colour?.transfer === HLG ? 'HLG' : 'SDR'
}
