/**
 * What is asked of a playlist that the server holds back until there is something new (RFC 8216bis §6.2.5.2). hls.js asks
 * for the part after the last one listed, also where segments without parts follow on it, as after a killed server: that is
 * answered at once, and it asks again, hundreds of times a second until the encoder is back.
 */

/** The first that a playlist does not list. */
export interface NextPart {
  /** Media sequence number of its segment. */
  readonly msn: number
  /** From 0 on within the segment. */
  readonly part: number
}

/** @param text of a live media playlist, which may be a delta update */
export function nextPart(text: string): NextPart {
  let msn = numberAfter(text, '#EXT-X-MEDIA-SEQUENCE:') + numberAfter(text, 'SKIPPED-SEGMENTS=')
  let part = 0
  for (const [tag] of text.matchAll(/^#EXT(?:INF|-X-PART):/gm)) {
    if (tag === '#EXTINF:') {
      msn += 1
      part = 0
    } else part += 1
  }
  return { msn, part }
}

/** The address with what is not listed yet in place of what is. */
export function askForNext(url: string, next: NextPart): string {
  const asked = new URL(url)
  const msn = asked.searchParams.get('_HLS_msn')
  if (msn === null || Number(msn) >= next.msn) return url
  asked.searchParams.set('_HLS_msn', String(next.msn))
  asked.searchParams.set('_HLS_part', String(next.part))
  return asked.href
}

function numberAfter(text: string, name: string): number {
  const at = text.indexOf(name)
  return at < 0 ? 0 : Number.parseInt(text.slice(at + name.length), 10) || 0
}
