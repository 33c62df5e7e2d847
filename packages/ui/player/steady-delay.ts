/** Of each measurement so much counts: with four a second, what is shown follows within some seconds. */
const share = 0.1
/** More than this is no noise of a measurement, and shown at once; seconds. */
const jump = 0.25

/**
 * Makes of a delay that is measured a few times a second one to read: the mean of the newest, in coarse steps, that changes only
 * when it is off by a whole one. In real time each look differs by some hundredths. Seconds; `undefined` while it is not known.
 */
export function createSteadyDelay(): (measured: number | undefined) => number | undefined {
  let mean: number | undefined
  let shown: number | undefined
  return (measured) => {
    if (measured === undefined) {
      mean = undefined
      shown = undefined
      return undefined
    }
    mean = mean === undefined || Math.abs(measured - mean) > jump ? measured : mean + (measured - mean) * share
    if (shown === undefined || Math.abs(mean - shown) >= stepAt(shown)) {
      const step = stepAt(mean)
      // Nobody is where live is.
      shown = Math.max(1, Math.round(mean / step)) * step
    }
    return shown
  }
}

/** As fine as `behindText` writes it, but in real time, where hundredths mean nothing. */
function stepAt(seconds: number): number {
  if (seconds < 0.475) return 0.05
  return seconds < 4.95 ? 0.1 : 1
}
