/** Bounds of one AMF0 decode. */
export const AMF0_LIMITS = {
  /** Nesting of objects and arrays. Real commands nest three deep. */
  depth: 16,
  /** Values of one message, keys not counted. */
  values: 4096,
  /** Bytes of one AMF0 message; the script data of long FLV files carries key-frame tables. */
  bytes: 1024 * 1024,
}
