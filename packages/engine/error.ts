/** Closed list of what the live engine reports. */
export type EngineErrorCode =
  | 'address-in-use'
  | 'bad-request'
  | 'data-folder'
  | 'disk'
  | 'limit'
  | 'not-found'
  | 'refused'
  | 'timeout'

/** The one error class of `@bandstand/engine`. */
export class EngineError extends Error {
  readonly code: EngineErrorCode
  /** Ids and figures that help to find the cause; never a secret. */
  readonly context: Readonly<Record<string, string | number>>

  constructor(
    code: EngineErrorCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EngineError'
    this.code = code
    this.context = context
  }
}
