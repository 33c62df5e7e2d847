import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks until the answer is neither false nor undefined nor null, and returns it.
 *
 * @param what names what is waited for in the error
 * @param limit ms after which it throws, with the newest error of `ask` as cause
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  limit = 30_000,
  interval = 100,
): Promise<Exclude<T, false | undefined | null>> {
  const end = performance.now() + limit
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== false && answer !== undefined && answer !== null)
        return answer as Exclude<T, false | undefined | null>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}`, { cause })
    await sleep(interval)
  }
}

/** Seconds since it was made: an encoder cannot have sent much more than that, however long a busy machine took. */
export function stopwatch(): () => number {
  const begun = performance.now()
  return () => (performance.now() - begun) / 1000
}
