import { readUsage } from './usage.ts'

/** Lets processes have no more than a share of a processor together, as a machine would that has other work. */
export interface CpuLimit {
  /** Of one processor; `undefined` leaves them alone. */
  share: number | undefined
  end(): void
}

/** Between two looks, ms; how much may be saved up for a burst, ms of processor time. */
const step = 10
const burst = 100

/** @param pids those that are meant, asked again and again: they come and go */
export function limitProcessor(pids: () => readonly number[], share: number | undefined): CpuLimit {
  const used = new Map<number, number>()
  const stopped = new Set<number>()
  let allowance = burst
  let last = performance.now()
  let known: readonly number[] = []
  let looks = 0

  function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      process.kill(pid, name)
    } catch {
      // It is gone.
    }
  }
  function resume(): void {
    for (const pid of stopped) signal(pid, 'SIGCONT')
    stopped.clear()
  }
  function charge(pid: number): void {
    try {
      const { cpu } = readUsage(pid)
      // What it has had before counts for nothing.
      allowance -= cpu - (used.get(pid) ?? cpu)
      used.set(pid, cpu)
    } catch {
      used.delete(pid)
    }
  }
  const timer = setInterval(() => {
    const now = performance.now()
    const elapsed = now - last
    last = now
    if (limit.share === undefined) return resume()
    // To ask who is there costs more than the rest.
    if (looks++ % 20 === 0) known = pids()
    allowance = Math.min(burst, allowance + elapsed * limit.share)
    for (const pid of known) charge(pid)
    if (allowance > 0) return resume()
    for (const pid of known) {
      if (!stopped.has(pid)) signal(pid, 'SIGSTOP')
      stopped.add(pid)
    }
  }, step)
  const limit: CpuLimit = {
    share,
    end() {
      clearInterval(timer)
      resume()
    },
  }
  return limit
}
