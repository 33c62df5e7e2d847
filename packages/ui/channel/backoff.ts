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

/** Who is banned asks no more often than this whether that still holds; milliseconds. */
export const BAN_PAUSE = 30_000
const banCeiling = 5 * 60_000

/**
 * Delay before a banned page asks again, in milliseconds: doubles from `BAN_PAUSE` to five minutes, so that whoever is
 * pardoned soon is back soon and a room full of banned pages makes few connections.
 *
 * @param refusals in a row, counts from 1.
 * @param random in [0, 1); spreads the pages over a quarter of the delay more.
 */
export function banBackoff(refusals: number, random: number): number {
  const delay = Math.min(banCeiling, BAN_PAUSE * 2 ** Math.min(Math.max(refusals, 1) - 1, 10))
  return Math.round(delay * (1 + random / 4))
}
