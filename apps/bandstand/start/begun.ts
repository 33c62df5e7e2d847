import type { Log } from '@bandstand/engine/ports.ts'
import type { RefusalLog } from '@bandstand/engine/remote/refusals.ts'
import type { Logger } from 'pino'
import type { Settings } from '../settings/schema.ts'

/** A start under way, as each of its steps is given it. */
export interface Begun {
  readonly settings: Settings
  readonly log: Logger
  /** Of HTTP connections that are turned away, and below {@link strangers}. */
  readonly refusals: RefusalLog
  /** For lines that strangers can cause as often as they like: few are written. */
  readonly strangers: Log
  /** Unix ms. */
  readonly now: () => number
  /**
   * What each step leaves to be closed: in reverse order, each whatever the others say, when the server stops or a later
   * step fails.
   */
  readonly started: AsyncDisposableStack
}
