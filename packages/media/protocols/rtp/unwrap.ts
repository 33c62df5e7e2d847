/**
 * Makes counters that wrap at 2^`bits` go on rising: each value is taken for the one nearest to the highest so far
 * (RFC 3550 appendix A.1), so late packets come out lower and the first value as it is.
 * @param bits 16 for sequence numbers, 32 for timestamps.
 */
export function createUnwrapper(bits: 16 | 32): (value: number) => number {
  const range = 2 ** bits
  let highest: number | undefined
  return (value) => {
    if (highest === undefined) return (highest = value)
    const step = (((value - highest) % range) + range) % range
    const result = highest + (step < range / 2 ? step : step - range)
    highest = Math.max(highest, result)
    return result
  }
}
