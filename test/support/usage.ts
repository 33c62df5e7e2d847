import { existsSync, readFileSync } from 'node:fs'

/** What a process has used, read from /proc (Linux). */
export interface Usage {
  /** Processor time since its start, user and system, in ms. */
  readonly cpu: number
  /** Resident memory now, in bytes. */
  readonly rss: number
  /** `performance.now()` of the reading. */
  readonly at: number
}

/** Clock ticks a second of /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticks = 100

/** Usage of a process (all its threads), without its children. Throws when it is gone. */
export function readUsage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name in parentheses may hold spaces, so fields are counted behind it: utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpu = ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return { cpu, rss: Number(resident?.[1] ?? 0) * 1024, at: performance.now() }
}

export interface UsageSummary {
  /** Processor time by wall time: 1 is one core. */
  readonly cores: number
  /** Largest and newest resident memory, in bytes. */
  readonly peakRss: number
  readonly rss: number
}

/** Samples processes until stopped; sums over them. */
export function sampleUsage(pids: readonly number[], interval = 500): { stop(): UsageSummary } {
  const total = () => pids.map(readUsage).reduce((a, b) => ({ cpu: a.cpu + b.cpu, rss: a.rss + b.rss, at: b.at }))
  const first = total()
  let last = first
  let peakRss = first.rss
  const sample = () => {
    try {
      last = total()
      peakRss = Math.max(peakRss, last.rss)
    } catch {
      clearInterval(timer)
    }
  }
  const timer = setInterval(sample, interval).unref()
  return {
    stop() {
      clearInterval(timer)
      sample()
      return { cores: (last.cpu - first.cpu) / Math.max(1, last.at - first.at), peakRss, rss: last.rss }
    },
  }
}

/**
 * Share of the time in which something waited for a processor from which a stand says nothing of who stood: one second of four is a
 * quarter. What was measured then is measured anew.
 */
export const starving = 0.25

/** Watches this machine from now on. @returns what gives the share of the time since in which something waited for a processor */
export function watchStarving(): () => number {
  const [pressure, begun] = [readPressure(), performance.now()]
  return () => (readPressure() - pressure) / 1000 / (performance.now() - begun)
}

/** Microseconds since boot in which something waited for a processor (Linux 4.20); 0 where the kernel does not count. */
function readPressure(): number {
  const path = '/proc/pressure/cpu'
  const text = existsSync(path) ? readFileSync(path, 'latin1') : ''
  return Number(/^some .*total=(\d+)/m.exec(text)?.[1] ?? 0)
}
