/** What can keep the program from starting or going on. */
export type AppErrorCode = 'bad-setting' | 'cannot-start' | 'usage'

/** The application's one error class; `message` is one line for the person at the terminal. */
export class AppError extends Error {
  readonly code: AppErrorCode

  constructor(code: AppErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
  }
}
