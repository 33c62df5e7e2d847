import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Readable, Writable } from 'node:stream'

export interface ChildOptions {
  /** Path of the program. */
  readonly program: string
  /** Handed over one by one; no shell reads them. */
  readonly args: readonly string[]
  /** By descriptor, from 0 on. */
  readonly stdio: readonly ('pipe' | 'ignore')[]
  /** One of `os.constants.priority`; the server's own where not given. */
  readonly priority?: number
  /** Once, never before `startChild` has returned. `error` where it could not be started. */
  readonly onEnd: (
    end: { readonly error: NodeJS.ErrnoException } | { readonly how: string; readonly ok: boolean },
  ) => void
}

/** A program beside the server. Nothing that it does, and no lack of descriptors or memory, throws. */
export interface Child {
  readonly pid: number | undefined
  /** Its standard input; `undefined` where there is none, also when it could not be started. */
  readonly input: Writable | undefined
  /** What it writes to this descriptor; `undefined` as above. */
  output(descriptor: number): Readable | undefined
  /** At once, also one that is stopped. Its pipes are closed, whoever else holds them. */
  kill(): void
}

export function startChild({ program, args, stdio, priority, onEnd }: ChildOptions): Child {
  let child: ChildProcess
  try {
    child = spawn(program, [...args], { stdio: [...stdio], env: environment() })
  } catch (error) {
    // Some of what the system may refuse for is thrown, the rest is an event.
    queueMicrotask(() => onEnd({ error: error as NodeJS.ErrnoException }))
    return { pid: undefined, input: undefined, output: () => undefined, kill: () => undefined }
  }
  let isOver = false
  const end: ChildOptions['onEnd'] = (how) => {
    if (isOver) return
    isOver = true
    onEnd(how)
  }
  // Before anything else: without descriptors there is a child without pipes, and an error that nobody hears ends the server.
  child.on('error', (error) => {
    if (child.pid === undefined) end({ error })
  })
  child.once('close', (code, signal) => end({ how: signal ?? `status ${code}`, ok: code === 0 }))
  child.once('spawn', () => {
    if (priority === undefined || child.pid === undefined) return
    try {
      setPriority(child.pid, priority)
    } catch {
      // It has ended already, or the system does not allow it: then it competes as others do.
    }
  })
  const pipes = (child.stdio as ChildProcess['stdio'] | undefined) ?? []
  // A pipe that breaks is told of by the end.
  for (const pipe of pipes) pipe?.on('error', () => undefined)
  return {
    pid: child.pid,
    input: pipes[0] ?? undefined,
    output: (descriptor) => (pipes[descriptor] as Readable | null | undefined) ?? undefined,
    kill() {
      child.kill('SIGKILL')
      for (const pipe of pipes) pipe?.destroy()
    },
  }
}

/** What may hold passwords and keys is not a program's business. */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BANDSTAND_')))
}
