/** A JPEG. */
export interface Picture {
  readonly bytes: Uint8Array
  /** Strong validator, quoted. */
  readonly etag: string
}
