import { MediaError } from '../../error.ts'
import { SDP_LIMITS } from './limits.ts'

/** One `<type>=<value>` line (RFC 8866 §5), and its number for errors, from 1 on. */
export interface SdpLine {
  readonly number: number
  readonly type: string
  readonly value: string
}

/**
 * Cuts a description into lines; a missing CR is forgiven (§5 asks that of parsers), as are empty lines at the end. Throws
 * `too-large` as `SDP_LIMITS` say, `malformed` for what is no such line.
 */
export function splitLines(text: string): readonly SdpLine[] {
  if (text.length > SDP_LIMITS.text) throw new MediaError('too-large', `sdp: ${text.length} characters`)
  const lines = text.replace(/[\r\n]{1,8}$/, '').split('\n')
  if (lines.length > SDP_LIMITS.lines) throw new MediaError('too-large', `sdp: ${lines.length} lines`)
  return lines.map((raw, index) => {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    const number = index + 1
    if (line.length > SDP_LIMITS.line) throw new MediaError('too-large', `sdp: line ${number} is too long`)
    if (!/^[a-z]=/.test(line)) throw malformedLine(number, 'is not <type>=<value>')
    return { number, type: line.charAt(0), value: line.slice(2) }
  })
}

/** `a=name:value` or `a=name`. */
export function splitAttribute(value: string): { readonly name: string; readonly rest: string } {
  const colon = value.indexOf(':')
  return colon < 0 ? { name: value, rest: '' } : { name: value.slice(0, colon), rest: value.slice(colon + 1) }
}

/** The text that was sent is not repeated: it is a stranger's. */
export function malformedLine(number: number, what: string): MediaError {
  return new MediaError('malformed', `sdp: line ${number} ${what}`, { structure: 'sdp' })
}
