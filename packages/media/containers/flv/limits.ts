/** Bounds of the FLV code, sizes in bytes. */
export const FLV_LIMITS = {
  /** One tag body. 24 bits could say 16 MB. */
  tagBytes: 8 * 1024 * 1024,
  /** The file header's declared length: 9 in every file seen. */
  headerBytes: 1024,
  /** Tracks within one tag of Enhanced RTMP: their ids have 8 bits, encoders send up to six. */
  tracksPerTag: 64,
  /** `ModEx` signals in front of one tag; one kind is specified. */
  modifiers: 8,
}
