/** What is measured, by all viewers together. */
export interface Figures {
  playlists: number
  parts: number
  /** Of bodies. */
  bytes: number
  stalls: number
  readonly errors: Map<string, number>
  /** First receipt and size of each part, by its path. */
  readonly firsts: Map<string, { readonly at: number; readonly size: number }>
  /** How much later than the first each other viewer had a part, in milliseconds. */
  readonly spreads: number[]
  /** Receipt of a part after the wall clock of its last frame, by the playlist's dates, in milliseconds. */
  readonly delays: number[]
}

export function createFigures(): Figures {
  return {
    playlists: 0,
    parts: 0,
    bytes: 0,
    stalls: 0,
    errors: new Map(),
    firsts: new Map(),
    spreads: [],
    delays: [],
  }
}

/** Forgets what was measured; errors and the first receipts of parts stay. */
export function startOver(figures: Figures): void {
  figures.spreads.length = 0
  figures.delays.length = 0
  Object.assign(figures, { playlists: 0, parts: 0, bytes: 0, stalls: 0 })
}

export function countError(figures: Figures, what: string): void {
  figures.errors.set(what, (figures.errors.get(what) ?? 0) + 1)
}

/** Quantiles at a tenth; zeros of nothing. */
export function summarise(values: readonly number[]): {
  readonly p50: number
  readonly p99: number
  readonly max: number
} {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (p: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
