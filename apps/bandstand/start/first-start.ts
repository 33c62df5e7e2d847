import type { Platform } from '@bandstand/platform/platform.ts'
import { type FirstStart, printFirstStart } from '../banner.ts'
import type { Settings } from '../settings/schema.ts'

/** What the first start made and nobody has been told. */
export interface Untold {
  /** `undefined` at later starts. */
  readonly firstStart: FirstStart | undefined
  /** Somebody has been told now. */
  told(): void
}

/**
 * Secrets that were made just now and are partly kept as digests: a start that fails further on, at a port in use for
 * example, must not swallow them. Who has not been told of them when the process exits is told then.
 */
export function keepUntilTold({ firstStart }: Platform, { streamKey }: Settings): Untold {
  let untold: FirstStart | undefined = firstStart
  if (firstStart !== undefined && streamKey !== undefined) {
    const { ownerPassword } = firstStart
    untold = ownerPassword === undefined ? {} : { ownerPassword }
  }
  process.once('exit', () => {
    if (untold !== undefined) process.stdout.write(printFirstStart(untold))
  })
  return {
    get firstStart() {
      return untold
    },
    told() {
      untold = undefined
    },
  }
}
