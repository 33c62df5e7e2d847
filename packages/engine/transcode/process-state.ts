import { readdirSync, readFileSync } from 'node:fs'

/** What a program does at this moment, all of its threads together. */
export interface ProcessState {
  /**
   * `runnable`: it works, or wants a processor; `asleep`: it waits for something that happens; `stopped`: it was told to (SIGSTOP);
   * `blocked`: for something that cannot be interrupted, mostly a disk.
   */
  readonly state: 'runnable' | 'asleep' | 'stopped' | 'blocked'
  /** Milliseconds of a processor that it has had, in steps of 10. */
  readonly processorTime: number
}

/** Milliseconds of what Linux counts in; 100 a second wherever Node runs (`USER_HZ`). */
const TICK = 10
/** Behind the name, from 0 on: fields 3, 14 and 15 of proc_pid_stat(5). */
const FIELDS = { state: 0, user: 11, system: 12 } as const

/**
 * Reads it from `/proc`: memory of the kernel, no disk. `undefined` where there is no such thing, where it has gone, and of one that
 * has programs of its own, as a script that starts another: then its threads say nothing.
 */
export function readProcessState(pid: number): ProcessState | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
    if (threads.some((thread) => readFileSync(`${thread}/children`, 'latin1').trim() !== '')) return undefined
    return stateOf(threads.map((thread) => readFileSync(`${thread}/stat`, 'latin1')))
  } catch {
    return undefined
  }
}

/** @param lines one `stat` of each thread, as proc_pid_stat(5) has it */
export function stateOf(lines: readonly string[]): ProcessState | undefined {
  let states = ''
  let ticks = 0
  for (const line of lines) {
    // A name stands in parentheses, and may hold some.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    states += fields[FIELDS.state] ?? ''
    ticks += Number(fields[FIELDS.user] ?? Number.NaN) + Number(fields[FIELDS.system] ?? Number.NaN)
  }
  if (states === '' || Number.isNaN(ticks)) return undefined
  return { state: nameOf(states), processorTime: ticks * TICK }
}

function nameOf(states: string): ProcessState['state'] {
  if (states.includes('R')) return 'runnable'
  if (/^[Tt]+$/.test(states)) return 'stopped'
  return /^[TtS]+$/.test(states) ? 'asleep' : 'blocked'
}
