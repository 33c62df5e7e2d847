import { WATCH_ROUNDS } from './limits.ts'

export interface WatchdogOptions {
  /** ms between two looks. */
  readonly interval: number
  /** Statements that have not been answered. */
  readonly waiting: () => number
  /** Statements done since the thread began. */
  readonly done: () => number
  /** There is work, and none of it got done for `WATCH_ROUNDS` looks. */
  readonly onHang: () => void
}

/**
 * Looks whether a thread that has work gets any of it done. Looks are counted and not the time between them: a process that
 * was stopped, or a machine that slept, has not given its thread any.
 */
export function createWatchdog({ interval, waiting, done, onHang }: WatchdogOptions): { stop(): void } {
  let seen = -1
  let rounds = 0
  const timer = setInterval(() => {
    const now = done()
    if (waiting() === 0 || now !== seen) rounds = 0
    else rounds++
    seen = now
    if (rounds < WATCH_ROUNDS) return
    rounds = 0
    onHang()
  }, interval).unref()
  return { stop: () => clearInterval(timer) }
}
