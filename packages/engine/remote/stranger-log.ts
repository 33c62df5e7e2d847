import type { Log } from '../ports.ts'
import type { RefusalLog } from './refusals.ts'

/**
 * A log for lines that strangers can cause as often as they like: of each message one line and then a count, for each
 * `remote`, `code` and `route` among the fields. All three are optional; `code` and `route` are of a few.
 */
export function createStrangerLog(refusals: RefusalLog): Log {
  const line = (level: keyof Log) => (fields: object, message: string) => {
    const { code = '', route = '' } = fields as Partial<Record<'code' | 'route', string>>
    refusals.refused(level, { ...fields }, message, `${code} ${route}`)
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
