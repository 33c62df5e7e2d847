/** ITU-T H.273 code points, as `colr`/`nclx` carries them. */
export interface ColourDescription {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  readonly fullRange: boolean
}
