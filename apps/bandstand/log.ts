import pino from 'pino'
import type { Settings } from './settings/schema.ts'

const levelNames: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }

/** JSON lines, or lines for people: time, level, message, then the fields. */
export function createLog({ log: form, logLevel }: Pick<Settings, 'log' | 'logLevel'>): pino.Logger {
  const options: pino.LoggerOptions = {
    level: logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (form === 'json') return pino(options, pino.destination({ dest: 1, sync: true }))
  return pino({ ...options, formatters: {} }, { write: (line: string) => process.stdout.write(printForPeople(line)) })
}

/** One line of pino's JSON as a person reads it. Exported for its test. */
export function printForPeople(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 19)
  const name = levelNames[Number(level)] ?? String(level)
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  if (typeof err === 'object' && err !== null && 'message' in err) rest.push(`error=${String(err.message)}`)
  return `${clock} ${name === 'info' ? '' : `${name.toUpperCase()} `}${String(msg)}${rest.length === 0 ? '' : `  (${rest.join(' ')})`}\n`
}
