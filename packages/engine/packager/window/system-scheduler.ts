import type { Scheduler } from './waiting-room.ts'

/** The process' own timers; they keep no process alive. */
export const systemScheduler: Scheduler = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
