/**
 * Where playback of a media playlist begins, decided from its text and told to the engine by an EXT-X-START tag
 * (RFC 8216bis §4.4.2.2) put into the text.
 *
 * Live, hls.js starts in the segment that holds the point PART-HOLD-BACK from the end and takes it from its first part.
 * Where key frames are 8 or 10 s apart that segment may have none, and the screen would stay black until the next one.
 * So the newest part with a key frame at or before that point is looked up here.
 */

interface Entry {
  /** Seconds from the first listed segment. */
  readonly start: number
  readonly duration: number
  /** Unix milliseconds, where the playlist dates it. */
  readonly date: number | undefined
  /** Known to start with a key frame. */
  readonly independent: boolean
  readonly gap: boolean
}

interface Listing {
  readonly segments: readonly Entry[]
  readonly parts: readonly Entry[]
  readonly end: number
  /** Where the newest discontinuity is, seconds from the first listed segment. */
  readonly discontinuity: number | undefined
  readonly ended: boolean
  readonly independentSegments: boolean
  /** PART-HOLD-BACK in seconds. */
  readonly partHoldBack: number | undefined
  /** HOLD-BACK in seconds. */
  readonly holdBack: number | undefined
  readonly targetDuration: number
}

/** Reads only what a start position needs; unknown lines are passed over. */
export function readListing(text: string): Listing {
  const segments: Entry[] = []
  const parts: Entry[] = []
  let time = 0
  let partTime = 0
  let date: number | undefined
  let duration: number | undefined
  let gap = false
  let independent = false
  let ended = false
  let independentSegments = false
  let partHoldBack: number | undefined
  let holdBack: number | undefined
  let discontinuity: number | undefined
  let targetDuration = 0
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8))
    else if (line.startsWith('#EXT-X-PART:')) {
      const length = Number(/[:,]DURATION=([\d.]+)/.exec(line)?.[1] ?? 0)
      const key = line.includes('INDEPENDENT=YES')
      const shift = partTime - time
      if (shift < 0.001 && key) independent = true
      const partDate = date === undefined ? undefined : date + shift * 1000
      parts.push({ start: partTime, duration: length, date: partDate, independent: key, gap: line.includes('GAP=YES') })
      partTime += length
    } else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
      const parsed = Date.parse(line.slice(25).trim())
      if (Number.isFinite(parsed)) date = parsed
    } else if (line.startsWith('#EXT-X-GAP')) gap = true
    else if (line === '#EXT-X-DISCONTINUITY') discontinuity = time
    else if (line.startsWith('#EXT-X-ENDLIST')) ended = true
    else if (line.startsWith('#EXT-X-INDEPENDENT-SEGMENTS')) independentSegments = true
    else if (line.startsWith('#EXT-X-TARGETDURATION:')) targetDuration = Number(line.slice(22))
    else if (line.startsWith('#EXT-X-SERVER-CONTROL:')) {
      const value = /PART-HOLD-BACK=([\d.]+)/.exec(line)?.[1]
      if (value) partHoldBack = Number(value)
      const whole = /[:,]HOLD-BACK=([\d.]+)/.exec(line)?.[1]
      if (whole) holdBack = Number(whole)
    } else if (line !== '' && !line.startsWith('#') && duration !== undefined) {
      segments.push({ start: time, duration, date, independent: independent || independentSegments, gap })
      time += duration
      partTime = time
      if (date !== undefined) date += duration * 1000
      duration = undefined
      gap = false
      independent = false
    }
  }
  const end = Math.max(time, partTime)
  return { segments, parts, end, discontinuity, ended, independentSegments, partHoldBack, holdBack, targetDuration }
}

/**
 * Seconds from the playlist's end (negative) at which a live start shows a picture at once, or `undefined` where the
 * engine's own choice does: the segment at the hold-back point starts with a key frame, or nothing better is known.
 */
export function liveStart(listing: Listing): number | undefined {
  const { segments, parts, end, partHoldBack } = listing
  if (partHoldBack === undefined || parts.length === 0 || listing.independentSegments) return undefined
  const wanted = end - partHoldBack
  const fresh = afterBreak(listing, wanted)
  if (fresh !== undefined) return fresh - end + 0.01
  // The segment that the engine would begin in: a listed one, or the one in the making.
  const inside = segments.find((segment) => wanted < segment.start + segment.duration)
  const first = inside?.start ?? (segments.at(-1) ? end - trailing(listing) : 0)
  const openers = parts.filter((part) => part.independent && !part.gap)
  if (openers.some((part) => part.start >= first - 0.001 && part.start <= wanted + 0.001)) return undefined
  const before = openers.findLast((part) => part.start <= wanted + 0.001)
  // No key frame before the point: the earliest one after it is the soonest picture.
  const chosen = before ?? openers.at(0)
  return chosen ? chosen.start - end + 0.01 : undefined
}

/**
 * The same where whole segments are played: seconds from the end at which the first one behind a hole begins, when the hold-back
 * point lies before it. A broadcast of some seconds has gaps there, and an engine would wait in them.
 */
export function wholeStart(listing: Listing): number | undefined {
  const { end, holdBack, targetDuration } = listing
  const fresh = afterBreak({ ...listing, parts: [] }, end - (holdBack ?? 3 * targetDuration))
  return fresh === undefined ? undefined : fresh - end + 0.01
}

/**
 * Where media goes on behind the newest hole or discontinuity, when that is after the wanted point. What is before it is old
 * (the server was restarted, another encoder came, the broadcast has just begun), and an engine that starts there may
 * wait for long: behind the hole, or for a track that only the new encoder has.
 */
function afterBreak({ segments, parts, discontinuity }: Listing, wanted: number): number | undefined {
  const hole = segments.findLast((segment) => segment.gap)
  const until = Math.max(hole === undefined ? -1 : hole.start + hole.duration, discontinuity ?? -1)
  if (until <= wanted) return undefined
  const openers = [...segments, ...parts].filter((entry) => entry.independent && !entry.gap)
  return openers
    .map((entry) => entry.start)
    .sort((a, b) => a - b)
    .find((start) => start >= until - 0.001)
}

function trailing(listing: Listing): number {
  const last = listing.segments.at(-1)
  return last ? listing.end - (last.start + last.duration) : listing.end
}

/**
 * Seconds, as `start` counts them, for a date (Unix milliseconds); a date in a hole, or before all, gives the next frame after
 * it, one past the end `undefined`.
 */
export function timeOfDate(
  segments: readonly Pick<Entry, 'start' | 'duration' | 'date' | 'gap'>[],
  date: number,
): number | undefined {
  for (const { start, duration, date: begin, gap } of segments) {
    if (begin === undefined || gap || date >= begin + duration * 1000) continue
    return start + Math.max(0, date - begin) / 1000
  }
  return undefined
}

/** Seconds from the playlist's beginning for a date; one past the end gives a moment before the end. */
export function offsetOfDate({ segments }: Listing, date: number): number | undefined {
  const last = segments.findLast((segment) => segment.date !== undefined && !segment.gap)
  return timeOfDate(segments, date) ?? (last && last.start + Math.max(0, last.duration - 0.5))
}

/** Where the player wants to begin. */
export interface WantedStart {
  /** Unix milliseconds; `undefined` for the live edge, or the beginning of what has ended. */
  readonly at: number | undefined
  /** The engine plays parts, not whole segments only. */
  readonly parts: boolean
  /** Seconds from the end that it keeps at least when it plays parts. */
  readonly distance: number
}

/**
 * The playlist's text with an EXT-X-START that leads to the wanted start. Where the engine finds that by itself the text is
 * unchanged, but for what the server says to players that know nothing of gaps: it would cost low latency a segment.
 */
export function withStart(text: string, { at, parts, distance }: WantedStart): string {
  if (!text.startsWith('#EXTM3U')) return text
  const read = readListing(text)
  const listing = { ...read, partHoldBack: read.partHoldBack && Math.max(read.partHoldBack, distance) }
  const atEdge = at === undefined && !listing.ended
  const offset = at !== undefined ? offsetOfDate(listing, at) : atEdge ? edgeStart(listing, parts) : undefined
  if (offset === undefined && !(atEdge && parts)) return text
  const lines = text.split('\n').filter((line) => !line.startsWith('#EXT-X-START:'))
  if (offset !== undefined) lines.splice(1, 0, `#EXT-X-START:TIME-OFFSET=${offset.toFixed(3)},PRECISE=YES`)
  return lines.join('\n')
}

function edgeStart(listing: Listing, parts: boolean): number | undefined {
  return parts ? liveStart(listing) : wholeStart(listing)
}
