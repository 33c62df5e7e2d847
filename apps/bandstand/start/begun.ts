import type { Logger } from 'pino'
import type { Settings } from '../settings/schema.ts'

/** A start under way, as each of its steps is given it. */
export interface Begun {
  readonly settings: Settings
  readonly log: Logger
  /** Unix ms. */
  readonly now: () => number
  /**
   * What each step leaves to be closed: in reverse order, each whatever the others say, when the server stops or a later
   * step fails.
   */
  readonly started: AsyncDisposableStack
}
