/** CAN-SKIP-UNTIL in target durations: the least allowed (RFC 8216bis §4.4.3.8). */
export const SKIP_TARGETS = 6

/**
 * How many of a playlist's newest whole segments a delta update lists: all but those wholly further from the end of the last
 * one than the skip boundary (§6.2.5.1).
 *
 * @param durations of the segments in seconds, oldest first.
 */
export function segmentsKept(durations: readonly number[], targetDuration: number): number {
  let fromEnd = 0
  let kept = 0
  while (kept < durations.length && fromEnd <= SKIP_TARGETS * targetDuration) {
    kept++
    fromEnd += durations[durations.length - kept] ?? 0
  }
  return kept
}
