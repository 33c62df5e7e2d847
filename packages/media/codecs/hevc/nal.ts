/** `nal_unit_type` of ITU-T H.265 table 7-1, those that are told apart here. */
export const HEVC_NAL = {
  raslN: 8,
  raslR: 9,
  /** From here to `lastIrap`: pictures at which decoding may start (BLA, IDR, CRA, reserved). */
  blaWLp: 16,
  idrWRadl: 19,
  idrNLp: 20,
  cra: 21,
  lastIrap: 23,
  /** From 0 to here: slices. */
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  fillerData: 38,
  prefixSei: 39,
} as const

/** Bytes of a NAL unit's header (§7.3.1.2). */
export const HEVC_NAL_HEADER = 2

/** Type of a NAL unit from its first byte. */
export function hevcNalType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f
}

/** `nuh_layer_id` from the first two bytes: 0 is the picture itself, others are views and enhancements (annexes F to I). */
export function hevcLayer(firstByte: number, secondByte: number): number {
  return ((firstByte & 1) << 5) | (secondByte >> 3)
}
