/** Bounds of the FLV code, in bytes. */
export const FLV_LIMITS = {
  /** One tag body. 24 bits could say 16 MB. */
  tagBytes: 8 * 1024 * 1024,
  /** The file header's declared length: 9 in every file seen. */
  headerBytes: 1024,
}
