import { type StdioOptions, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Ended for good after this many ms, whatever it does. */
  readonly limit?: number
  /** Further pipes behind stdin, stdout and stderr. */
  readonly pipes?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Running {
  readonly pid: number
  /** Everything it has written, stdout and stderr together. */
  readonly output: () => string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly stdin: Writable
  readonly pipe: (index: number) => Readable
  readonly exited: Promise<Exit>
  readonly running: () => boolean
  /** To the process alone. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Asks with `signal`, waits up to `patience` ms, then ends it and its children. Resolves when it is gone. */
  readonly stop: (signal?: NodeJS.Signals, patience?: number) => Promise<Exit>
}

/** Output kept per process; the rest is cut from its beginning. */
const keptOutput = 4 << 20
const defaultLimit = 300_000

const groups = new Set<number>()

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone.
  }
}

process.once('exit', () => {
  for (const pid of groups) endGroup(pid)
})

/**
 * Starts a program in its own process group. The group never outlives the test process, nor its time limit.
 */
export function start(program: string, args: readonly string[], options: StartOptions = {}): Running {
  const stdio: StdioOptions = [
    'pipe',
    'pipe',
    'pipe',
    ...Array.from({ length: options.pipes ?? 0 }, () => 'pipe' as const),
  ]
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio,
    detached: true,
  })
  const { pid, stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error(`${program} has no pipes`)
  let all = ''
  let out = ''
  let err = ''
  const keep = (text: string, chunk: Buffer) => (text + chunk.toString()).slice(-keptOutput)
  stdout.on('data', (chunk: Buffer) => {
    all = keep(all, chunk)
    out = keep(out, chunk)
  })
  stderr.on('data', (chunk: Buffer) => {
    all = keep(all, chunk)
    err = keep(err, chunk)
  })
  stdin.on('error', () => {})
  let alive = true
  // Without its pipes: a child of its own may hold those open.
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      all += String(error)
      alive = false
      resolve({ code: 127, signal: null })
    })
    child.once('close', (code, signal) => {
      alive = false
      if (pid !== undefined) groups.delete(pid)
      resolve({ code, signal })
    })
  })
  if (pid !== undefined) groups.add(pid)
  const timer = setTimeout(() => pid !== undefined && endGroup(pid), options.limit ?? defaultLimit)
  void exited.then(() => clearTimeout(timer))
  const signal = (name: NodeJS.Signals) => {
    if (alive) child.kill(name)
  }
  return {
    pid: pid ?? -1,
    output: () => all,
    stdout: () => out,
    stderr: () => err,
    stdin,
    pipe: (index) => child.stdio[index] as Readable,
    exited,
    running: () => alive,
    signal,
    stop: async (name = 'SIGTERM', patience = 5000) => {
      signal(name)
      await Promise.race([gone, exited, sleep(patience, undefined, { ref: false })])
      if (pid !== undefined) endGroup(pid)
      return exited
    },
  }
}

/** Runs a program to its end; throws with its output unless it exits 0. */
export async function runToEnd(program: string, args: readonly string[], options: StartOptions = {}): Promise<Running> {
  const running = start(program, args, options)
  running.stdin.end()
  const { code, signal } = await running.exited
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}:\n${running.output().slice(-4000)}`)
  return running
}
