import type { Log } from '../ports.ts'
import { networkOf } from './address.ts'
import { REFUSAL_WINDOW, REFUSALS_MAX } from './limits.ts'

export interface RefusalFields {
  /** Remote address without port; not there where nobody in particular caused it. */
  readonly remote?: string
  readonly [field: string]: unknown
}

/** Says of whom something was refused, without letting a flood of them fill the log. */
export interface RefusalLog {
  /**
   * The first refusal of an address is a line at once. Those of its kind that follow are counted, and are one line a minute,
   * with the newest of them, for as long as there are any.
   *
   * @param kind tells refusals with the same message apart, for example the code of their reason. Of a few, and nothing that
   *   the peer has sent: every one has a line of its own.
   */
  refused(level: keyof Log, fields: RefusalFields, message: string, kind?: string): void
  /** Says what has been counted so far. */
  close(): void
}

interface Counted {
  more: number
  /** Of the newest. */
  fields: RefusalFields
  readonly tell: () => void
  timer: NodeJS.Timeout
}

export function createRefusalLog(log: Log): RefusalLog {
  /** Errors are the server's own: no flood of refusals may take their places. */
  const errors = new Map<string, Counted>()
  const others = new Map<string, Counted>()

  function start(
    counted: Map<string, Counted>,
    key: string,
    first: RefusalFields,
    tell: (more: number, newest: RefusalFields) => void,
  ): void {
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
      fields: first,
      tell() {
        if (entry.more > 0) tell(entry.more, entry.fields)
        entry.more = 0
      },
      timer: setTimeout(onTime, REFUSAL_WINDOW).unref(),
    }
    counted.set(key, entry)
  }

  return {
    refused(level, fields, message, kind = '') {
      const counted = level === 'error' ? errors : others
      const network = fields.remote === undefined ? '' : networkOf(fields.remote)
      const own = `${level} ${network} ${message} ${kind}`
      const isTogether = counted.size >= REFUSALS_MAX && !counted.has(own)
      // Our own messages are few, so these keys are too.
      const key = isTogether ? `${level} ${message}` : own
      const known = counted.get(key)
      if (known !== undefined) {
        known.more++
        known.fields = fields
        return
      }
      log[level](fields, message)
      start(counted, key, fields, (more, newest) => {
        const shown = isTogether && newest.remote !== undefined ? { ...newest, remote: 'many addresses' } : newest
        log[level](shown, `${message} … and ${more} more in ${REFUSAL_WINDOW / 1000} s`)
      })
    },
    close() {
      for (const counted of [errors, others]) {
        for (const { tell, timer } of counted.values()) {
          clearTimeout(timer)
          tell()
        }
        counted.clear()
      }
    },
  }
}
