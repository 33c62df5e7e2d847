import { MediaError } from '../../error.ts'

/**
 * One start tag, or an empty element, and a line end. Attributes without a value are left out.
 *
 * @throws MediaError `malformed` for a text with characters that XML 1.0 does not have (2.2).
 */
export function tag(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  isEmpty = false,
): string {
  let out = `<${name}`
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) out += ` ${key}="${escaped(String(value))}"`
  }
  return `${out}${isEmpty ? '/' : ''}>\n`
}

/** `xs:duration` of seconds, to the microsecond. */
export function duration(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined
  // Without an exponent, and without zeros at the end.
  return `PT${seconds.toFixed(6).replace(/\.?0+$/, '')}S`
}

/** `xs:dateTime` of Unix milliseconds. */
export function instant(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

/** `FrameRateType` (ISO/IEC 23009-1 5.3.7.2): whole, or a fraction. Those of NTSC are thousands over 1001. */
export function frameRate(rate: number | undefined): string | undefined {
  if (rate === undefined || !(rate > 0)) return undefined
  const whole = Math.round(rate)
  if (Math.abs(rate - whole) < 0.005) return String(Math.max(1, whole))
  if (Math.abs((rate * 1001) / 1000 - whole) < 0.005) return `${whole * 1000}/1001`
  return `${Math.max(1, Math.round(rate * 1000))}/1000`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** The text of an attribute or of an element. @throws as {@link tag} */
export function escaped(text: string): string {
  if (Array.from(text).some((character) => character < ' ' || character === '\u007f')) {
    throw new MediaError('malformed', 'dash: a control character in a text')
  }
  return text.replace(/[&<>"]/g, (found) => entities[found] ?? found)
}
