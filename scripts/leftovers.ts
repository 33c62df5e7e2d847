import { readdirSync, readFileSync } from 'node:fs'

/**
 * Finds processes by a mark in their environment: every process inherits it, however it was started and whoever its
 * parent is now. So a run can end exactly what it started and nothing else.
 */
export interface Leftover {
  readonly pid: number
  readonly command: string
}

/** Processes (not this one) whose environment holds `name=value`. Empty where there is no /proc. */
export function findLeftovers(name: string, value: string): Leftover[] {
  const found: Leftover[] = []
  for (const entry of listProcesses()) {
    const pid = Number(entry)
    if (pid === process.pid) continue
    try {
      if (!readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0').includes(`${name}=${value}`)) continue
      const command = readFileSync(`/proc/${entry}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
      if (command !== '') found.push({ pid, command })
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  return found
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  } catch {
    return []
  }
}

/** Ends the given processes at once. */
export function endLeftovers(processes: readonly Leftover[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Already gone.
    }
  }
}
