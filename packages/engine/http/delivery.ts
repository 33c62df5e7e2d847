import { createHistogram } from 'node:perf_hooks'

/** Quantiles since the last reset; seconds, NaN where nothing was measured. */
export interface DeliveryFigures {
  /** @param share 0 to 1; 1 is the longest. */
  quantile(share: number): number
  /** Parts measured. */
  readonly count: number
  reset(): void
}

export interface DeliveryMeter extends DeliveryFigures {
  /** Everyone who waited for this has it. */
  onDelivered(value: unknown): void
}

/**
 * Measures for each part the time from its closing to the moment when the kernel took the last byte for the last of those
 * who waited for it. One entry for each part, however many watch; a viewer who does not read counts until it is cut off.
 *
 * @param now Unix milliseconds, as in `Part.closedAt`.
 */
export function createDeliveryMeter(now: () => number = Date.now): DeliveryMeter {
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000, figures: 3 })
  return {
    onDelivered(value) {
      const { closedAt } = (value ?? {}) as { readonly closedAt?: unknown }
      // The histogram takes no zero: a part delivered within the same millisecond counts as one.
      if (typeof closedAt === 'number') histogram.record(Math.min(3_600_000, Math.max(1, Math.round(now() - closedAt))))
    },
    quantile: (share) => (histogram.count === 0 ? Number.NaN : histogram.percentile(share * 100) / 1000),
    get count() {
      return histogram.count
    },
    reset: () => histogram.reset(),
  }
}
