import type { PlaylistDirectives } from '../packager/live.ts'

const none: PlaylistDirectives = {}

/**
 * Reads the delivery directives of a media playlist's query (RFC 8216bis §6.2.5), each by itself: what they mean together
 * depends on the playlist. Other parameters are ignored.
 *
 * @returns a sentence that says what is wrong, for 400.
 */
export function parseDirectives(query: string): PlaylistDirectives | string {
  if (!query.includes('_HLS_')) return none
  let msn: number | undefined
  let part: number | undefined
  let skip: boolean | undefined
  for (const pair of query.split('&')) {
    if (!pair.startsWith('_HLS_')) continue
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    const value = equals < 0 ? '' : pair.slice(equals + 1)
    if (name === '_HLS_msn') {
      if (msn !== undefined) return '_HLS_msn is given twice.'
      if (!number.test(value)) return '_HLS_msn must be a decimal integer.'
      msn = Number(value)
    } else if (name === '_HLS_part') {
      if (part !== undefined) return '_HLS_part is given twice.'
      if (!number.test(value)) return '_HLS_part must be a decimal integer.'
      part = Number(value)
    } else if (name === '_HLS_skip') {
      if (skip !== undefined) return '_HLS_skip is given twice.'
      if (value !== 'YES' && value !== 'v2') return '_HLS_skip must be YES or v2.'
      skip = true
    }
  }
  return {
    ...(msn !== undefined && { msn }),
    ...(part !== undefined && { part }),
    ...(skip !== undefined && { skip }),
  }
}

/** Fifteen digits stay a safe integer. */
const number = /^\d{1,15}$/
