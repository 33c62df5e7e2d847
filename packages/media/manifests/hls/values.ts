import type { ByteRange } from './model.ts'

/** decimal-integer (RFC 8216bis §4.2) within the safe integers; `undefined` for anything else. */
export function parseInteger(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** decimal-floating-point, not negative. */
export function parseDecimal(text: string): number | undefined {
  return /^\d{1,15}(\.\d{0,20})?$/.test(text) ? Number(text) : undefined
}

/** `length[@offset]` in bytes (§4.4.4.2). */
export function parseByteRange(text: string): ByteRange | undefined {
  const match = /^(\d{1,16})(?:@(\d{1,16}))?$/.exec(text)
  if (match === null) return undefined
  const length = parseInteger(match[1] ?? '')
  if (length === undefined) return undefined
  if (match[2] === undefined) return { length }
  const start = parseInteger(match[2])
  return start === undefined ? undefined : { length, start }
}

/** ISO/IEC 8601 date and time as EXT-X-PROGRAM-DATE-TIME has it (§4.4.4.6); Unix milliseconds. */
export function parseDate(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)?$/.test(text)) return undefined
  // Date.parse wants the colon in the zone.
  const value = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2').replace(/([+-]\d\d)$/, (zone) => zone + ':00'))
  return Number.isNaN(value) ? undefined : value
}
