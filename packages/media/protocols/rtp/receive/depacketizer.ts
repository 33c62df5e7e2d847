/** A whole picture, or packet of sound. */
export interface Assembled {
  /** As `AccessUnit.data` has it; of H.264 and HEVC with the parameter sets that stood in it. */
  readonly data: Uint8Array
  /** Decoding may start here. */
  readonly key: boolean
}

/** What the payloads of one codec mean. */
export interface Depacketizer {
  /** Whether a picture that decoding may start with begins with this payload: where something was lost before it, nothing of it was. */
  beginsKeyFrame(payload: Uint8Array): boolean
  /**
   * One picture of all its payloads, in order. `undefined` for one in which nothing is to be shown. Throws `truncated`, `malformed`,
   * `unsupported` or `too-large`.
   */
  assemble(payloads: readonly Uint8Array[]): Assembled | undefined
}
