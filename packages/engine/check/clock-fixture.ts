/** A clock for tests that jumps to the next timer whenever nothing else is left to do. */
export interface VirtualClock {
  now(): number
  sleep(ms: number): Promise<void>
  /** Lets time pass until the work is done. */
  run<T>(work: Promise<T>): Promise<T>
}

export function createVirtualClock(): VirtualClock {
  let now = 0
  let timers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (ms) => new Promise((wake) => timers.push({ at: now + ms, wake })),
    async run(work) {
      const state = { done: false }
      const finish = () => {
        state.done = true
      }
      work.then(finish, finish)
      while (!state.done) {
        await new Promise((resolve) => setImmediate(resolve))
        if (state.done || timers.length === 0) continue
        now = Math.max(now, Math.min(...timers.map((t) => t.at)))
        const due = timers.filter((t) => t.at <= now)
        timers = timers.filter((t) => t.at > now)
        for (const t of due) t.wake()
      }
      return work
    },
  }
}
