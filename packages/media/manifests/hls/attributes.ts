import type { IssueList } from './issue.ts'
import { limits } from './limits.ts'
import type { ByteRange } from './model.ts'
import { parseByteRange, parseDecimal, parseInteger } from './values.ts'

/** One attribute list (RFC 8216bis §4.2) with typed access; what does not fit its type is reported and left out. */
export interface Attributes {
  readonly names: ReadonlySet<string>
  /** Quoted string. `required` reports its absence. */
  quoted(name: string, required?: 'required'): string | undefined
  enumerated<T extends string>(name: string, allowed: readonly T[], required?: 'required'): T | undefined
  integer(name: string, required?: 'required'): number | undefined
  decimal(name: string, required?: 'required'): number | undefined
  /** YES or NO; absent is NO. */
  flag(name: string): boolean
  byteRange(name: string): ByteRange | undefined
  resolution(name: string): { width: number; height: number } | undefined
  /** Quoted string or the enumerated NONE. */
  quotedOrNone(name: string): string | undefined
}

// Sticky, and each alternative starts with another character: linear in the input.
const attribute = /([A-Z0-9-]+)=("[^"]*"|[^",\s][^",]*)(?:,|$)/y

/** Parses what follows the colon of a tag. */
export function parseAttributes(text: string, issues: IssueList): Attributes {
  const values = new Map<string, string>()
  attribute.lastIndex = 0
  while (attribute.lastIndex < text.length) {
    const at = attribute.lastIndex
    const match = attribute.exec(text)
    if (match === null) {
      issues.add('attribute-syntax', `cannot be read as an attribute: ${text.slice(at, at + 40)}`)
      break
    }
    const [, name = '', value = ''] = match
    if (values.has(name)) issues.add('attribute-duplicate', `${name} appears twice`)
    else values.set(name, value)
    if (values.size > limits.attributes) {
      issues.add('attribute-syntax', `more than ${limits.attributes} attributes`)
      break
    }
  }

  const get = (name: string, required?: 'required'): string | undefined => {
    const value = values.get(name)
    if (value === undefined && required !== undefined) issues.add('attribute-missing', `${name} is required`)
    return value
  }
  const typed = <T>(name: string, what: string, value: string | undefined, read: (v: string) => T | undefined) => {
    if (value === undefined) return undefined
    const result = read(value)
    if (result === undefined) issues.add('attribute-value', `${name} must be ${what}, not ${value.slice(0, 40)}`)
    return result
  }
  const unquote = (v: string) => (v.startsWith('"') ? v.slice(1, -1) : undefined)

  return {
    names: new Set(values.keys()),
    quoted: (name, required) => typed(name, 'a quoted string', get(name, required), unquote),
    enumerated: (name, allowed, required) =>
      typed(name, allowed.join(' or '), get(name, required), (v) => allowed.find((a) => a === v)),
    integer: (name, required) => typed(name, 'an integer', get(name, required), parseInteger),
    decimal: (name, required) => typed(name, 'a decimal number', get(name, required), parseDecimal),
    flag: (name) =>
      typed(name, 'YES or NO', get(name), (v) => (v === 'YES' || v === 'NO' ? { yes: v === 'YES' } : undefined))
        ?.yes === true,
    byteRange: (name) =>
      typed(name, 'a quoted byte range', get(name), (v) => {
        const inner = unquote(v)
        return inner === undefined ? undefined : parseByteRange(inner)
      }),
    resolution: (name) =>
      typed(name, 'WIDTHxHEIGHT', get(name), (v) => {
        const match = /^(\d{1,6})x(\d{1,6})$/.exec(v)
        return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) }
      }),
    quotedOrNone: (name) => typed(name, 'a quoted string or NONE', get(name), (v) => (v === 'NONE' ? v : unquote(v))),
  }
}
