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
  // Node writes to files and pipes at once (`process` I/O in its documentation): nothing is lost at the end of the process.
  process.stdout.on('error', dropLine)
  if (form === 'json') return pino(options, { write: (line: string) => process.stdout.write(line) })
  return pino({ ...options, formatters: {} }, { write: (line: string) => process.stdout.write(printForPeople(line)) })
}

/** A log that cannot be written, to a full disk or a closed pipe, loses lines; it must not end the server or keep it from ending. */
function dropLine(): void {
  // There is nowhere left to say it.
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
  const text = `${String(msg)}${rest.length === 0 ? '' : `  (${rest.join(' ')})`}`
  const stack = name === 'fatal' ? printStack(err) : ''
  return `${clock} ${name === 'info' ? '' : `${name.toUpperCase()} `}${printable(text)}\n${stack}`
}

/** Where a fault came from, in lines of its own: what a report of it needs. */
function printStack(err: unknown): string {
  const { stack = '' } = (err ?? {}) as { readonly stack?: string }
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
  return frames.map((line) => `${printable(line)}\n`).join('')
}

/** Without what forges a line or steers a terminal: peers choose some of the fields, the encoder its name for example. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
