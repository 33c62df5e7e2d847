/** Delay before a retry, in milliseconds: grows to a ceiling low enough that a restarted server is found at once. */

const first = 400
const ceiling = 8000
/** While the trouble is young a restarting server is the likeliest cause; then the ceiling is low. */
const youngCeiling = 1000
const young = 60_000

/**
 * @param attempt counts from 1.
 * @param age milliseconds since the first failure in a row.
 * @param random in [0, 1); spreads the viewers of one server over half of the delay.
 */
export function backoff(attempt: number, age: number, random: number): number {
  const limit = age < young ? youngCeiling : ceiling
  const delay = Math.min(limit, first * 2 ** Math.min(Math.max(attempt, 1) - 1, 10))
  return Math.round(delay * (0.5 + random / 2))
}
