/** From the first byte to before `end`. */
interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The one range that a `Range` header asks for of a file of `total` bytes (RFC 9110, 14.1.2 and 14.2; its unit in any case, 14.1).
 *
 * @returns `undefined` where the whole file is sent: nothing is asked for, or several ranges, which a server may ignore, or
 *   something that is no range; `unsatisfiable` for 416
 */
export function parseRange(header: string | undefined, total: number): Range | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), total)
    return length === 0 ? 'unsatisfiable' : { start: total - length, end: total }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= total) return 'unsatisfiable'
  return { start, end: last === '' ? total : Math.min(total, Number(last) + 1) }
}
