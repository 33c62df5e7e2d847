/**
 * Which rows of an index a replay lists, and where it is discontinuous. A row is one media sequence number over all
 * tracks. Rows without any media (the opening gaps of a live playlist, stretches that the disk did not take) are left
 * out, so that nobody watches a hole; what follows them is discontinuous.
 */
export interface Listing {
  /** Rows listed so far, removed ones included. */
  readonly segments: number
  /** Discontinuities so far, that of the newest listed row included. */
  readonly discontinuities: number
  /** Takes the next row. `listed` false: leave it out. */
  next(row: { readonly msn: number; readonly epoch: number; readonly media: boolean }): {
    readonly listed: boolean
    readonly discontinuity: boolean
  }
}

const UNLISTED = { listed: false, discontinuity: false } as const
const PLAIN = { listed: true, discontinuity: false } as const
const DISCONTINUOUS = { listed: true, discontinuity: true } as const

/** @param removed what retention took before the first row. */
export function createListing(removed: { readonly segments: number; readonly discontinuities: number }): Listing {
  let { segments, discontinuities } = removed
  let before: { msn: number; epoch: number } | undefined
  return {
    get segments() {
      return segments
    },
    get discontinuities() {
      return discontinuities
    },
    next(row) {
      if (!row.media) return UNLISTED
      const discontinuity = before !== undefined && (row.epoch !== before.epoch || row.msn !== before.msn + 1)
      before = { msn: row.msn, epoch: row.epoch }
      segments++
      if (!discontinuity) return PLAIN
      discontinuities++
      return DISCONTINUOUS
    },
  }
}
