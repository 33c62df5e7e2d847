/** A look that comes so many ms late says that the process stood: it was stopped, or its machine was paused or had no processor for it. */
const STOOD_MS = 3_000

/**
 * When a process last woke from standing still. What came meanwhile is read after its timers: whoever was silent until then has to be heard
 * first, and silence counts from there.
 *
 * @param every ms from one look to the next
 * @returns tells at each look, with its time in ms by a clock that rises (`performance.now()`), when it woke; -Infinity if it never stood
 */
export function createWaking(every: number): (at: number) => number {
  let lookedAt: number | undefined
  let wokeAt = Number.NEGATIVE_INFINITY
  return (at) => {
    if (lookedAt !== undefined && at - lookedAt > every + STOOD_MS) wokeAt = at
    lookedAt = at
    return wokeAt
  }
}
