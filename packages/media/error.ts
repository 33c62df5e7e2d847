/** Closed list of what can be wrong with bytes or with how a parser was called. */
export type MediaErrorCode =
  /** The input ends before the structure does. */
  | 'truncated'
  /** A declared or accumulated size exceeds the limit that the caller set. */
  | 'too-large'
  /** The bytes contradict the specification. */
  | 'malformed'
  /** Valid, but a feature this implementation leaves out (each protocol's README lists them). */
  | 'unsupported'
  /** A session method was called, or a message came, in a state that does not allow it. */
  | 'wrong-state'

/** Where it happened, enough to find the packet in a capture. */
export interface MediaErrorContext {
  /** Offset in bytes from the start of the structure being parsed. */
  readonly offset?: number
  /** What was being parsed, for example `amf0.object` or `avcC`. */
  readonly structure?: string
  /** At most 16 bytes around the offset, as hex. */
  readonly hex?: string
}

/** The one error class of `@bandstand/media`. */
export class MediaError extends Error {
  readonly code: MediaErrorCode
  readonly context: MediaErrorContext

  constructor(code: MediaErrorCode, message: string, context: MediaErrorContext = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MediaError'
    this.code = code
    this.context = context
  }
}
