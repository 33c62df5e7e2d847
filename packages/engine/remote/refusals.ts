import type { Log } from '../ports.ts'
import { networkOf } from './address.ts'
import { REFUSAL_WINDOW, REFUSALS_MAX } from './limits.ts'

export interface RefusalFields {
  /** Remote address without port. */
  readonly remote: string
  readonly [field: string]: unknown
}

/** Says of whom something was refused, without letting a flood of them fill the log. */
export interface RefusalLog {
  /**
   * The first refusal of an address is a line at once. Equal ones that follow are counted, and are one line every 10 s for
   * as long as there are any.
   *
   * @param kind tells refusals with the same message apart, for example their reason
   */
  refused(level: 'debug' | 'info' | 'warn', fields: RefusalFields, message: string, kind?: string): void
  /** Says what has been counted so far. */
  close(): void
}

interface Counted {
  more: number
  readonly tell: () => void
  timer: NodeJS.Timeout
}

export function createRefusalLog(log: Log): RefusalLog {
  const counted = new Map<string, Counted>()

  function start(key: string, tell: (more: number) => void): void {
    const onTime = () => {
      if (entry.more === 0) {
        counted.delete(key)
        return
      }
      entry.tell()
      entry.timer = setTimeout(onTime, REFUSAL_WINDOW).unref()
    }
    const entry: Counted = {
      more: 0,
      tell() {
        if (entry.more > 0) tell(entry.more)
        entry.more = 0
      },
      timer: setTimeout(onTime, REFUSAL_WINDOW).unref(),
    }
    counted.set(key, entry)
  }

  return {
    refused(level, fields, message, kind = '') {
      const own = `${networkOf(fields.remote)} ${message} ${kind}`
      const isTogether = counted.size >= REFUSALS_MAX && !counted.has(own)
      // Our own messages are few, so these keys are too.
      const key = isTogether ? message : own
      const known = counted.get(key)
      if (known !== undefined) {
        known.more++
        return
      }
      log[level](fields, message)
      const shown = isTogether ? { remote: 'many addresses' } : fields
      start(key, (more) => log[level](shown, `${message} … and ${more} more in ${REFUSAL_WINDOW / 1000} s`))
    },
    close() {
      for (const { tell, timer } of counted.values()) {
        clearTimeout(timer)
        tell()
      }
      counted.clear()
    },
  }
}
