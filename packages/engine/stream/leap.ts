/**
 * Times that were noted before the clock leapt, as they are by the clock after it. Some are noted between the leap and the moment when it is
 * found: those stay. Where a clock was set back by little the two cannot be told apart, and what is noted counts for that much longer.
 */

/**
 * @param at of something that has happened, Unix ms
 * @param ms of the leap; negative where the clock was set back
 * @param now Unix ms, after the leap
 */
export function happenedAfterLeap(at: number, ms: number, now: number): number {
  return ms < 0 && at <= now ? at : Math.min(now, at + ms)
}

/**
 * @param deadline Unix ms
 * @param within ms that a deadline of its kind is ahead at most
 * @param ms of the leap; negative where the clock was set back
 * @param now Unix ms, after the leap
 */
export function deadlineAfterLeap(deadline: number, within: number, ms: number, now: number): number {
  const latest = now + within
  return ms < 0 && deadline <= latest ? deadline : Math.min(latest, deadline + ms)
}
