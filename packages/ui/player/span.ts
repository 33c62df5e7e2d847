/** What the bar spans, and where on it the picture is; seconds from its beginning. */
export interface Span {
  /** Positions are moments of the running broadcast, which `start` (Unix ms) dates; else they are the media's own time. */
  readonly dates: boolean
  readonly start: number
  readonly length: number
  readonly position: number
}

/** What is known of the source that is loaded. Dates are Unix milliseconds, times seconds. */
export interface SpanFacts {
  /** When the running broadcast began, where the source is that broadcast. */
  readonly startedAt: number | undefined
  /** Where live is now. */
  readonly edge: number
  /** Date of the frame shown. */
  readonly date: number | undefined
  /** Of the whole, known for a finished playlist. */
  readonly duration: number | undefined
  /** First and last date in the loaded playlist. */
  readonly window: { readonly start: number; readonly end: number } | undefined
  /** Media time of the frame shown. */
  readonly currentTime: number
}

/** From the first frame to the live edge while a broadcast runs, else the length of what is loaded. */
export function spanOf({ startedAt, edge, date, duration, window, currentTime }: SpanFacts): Span {
  if (startedAt === undefined || !Number.isFinite(startedAt)) {
    const length = duration ?? (window ? (window.end - window.start) / 1000 : 0)
    return { dates: false, start: 0, length, position: currentTime }
  }
  const seconds = (moment: number) => Math.max(0, (moment - startedAt) / 1000)
  return { dates: true, start: startedAt, length: seconds(edge), position: seconds(date ?? edge) }
}
