/** Closed list of what the platform reports beside what a request may answer. */
export type PlatformErrorCode =
  | 'constraint'
  | 'database'
  | 'database-newer'
  | 'data-folder'
  | 'disk'
  | 'disk-full'
  | 'hook'
  | 'limit'
  | 'secret'
  | 'closed'
  | 'unavailable'

/** The one error class of `@bandstand/platform` for what happens inside; requests answer with `Refusal`. */
export class PlatformError extends Error {
  readonly code: PlatformErrorCode
  /** Ids and figures that help to find the cause; never a secret. */
  readonly context: Readonly<Record<string, string | number>>

  constructor(
    code: PlatformErrorCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PlatformError'
    this.code = code
    this.context = context
  }
}
