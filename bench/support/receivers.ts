import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { start } from '../../test/support/process.ts'

/** What all receivers together have seen since they came. */
export interface ReceiverFigures {
  readonly packets: number
  /** Numbers left out between the first and the newest packet of each. */
  readonly missing: number
  /** Whose connection was closed on them. */
  readonly closed: number
}

export interface Receivers {
  readonly pid: number
  now(): Promise<ReceiverFigures>
  /** They leave. */
  end(): Promise<void>
  stop(): Promise<void>
}

/** Runs `whep/receivers.ts` in a process of its own and resolves when all are connected. @param limit ms it may live */
export async function startReceivers(url: string, count: number, limit: number): Promise<Receivers> {
  const script = fileURLToPath(new URL('../whep/receivers.ts', import.meta.url))
  const running = start(process.execPath, [script, url, String(count)], { limit })
  let taken = 0
  const next = async (): Promise<object> => {
    for (;;) {
      const line = running.stdout().split('\n').slice(0, -1)[taken]
      if (line !== undefined) {
        taken++
        return JSON.parse(line) as object
      }
      if (!running.running()) throw new Error(`the receivers ended:\n${running.output()}`)
      await sleep(20)
    }
  }
  const ask = (line: string) => void running.stdin.write(`${line}\n`)
  await next().catch(async (cause: unknown) => {
    await running.stop('SIGKILL')
    throw cause
  })
  return {
    pid: running.pid,
    now() {
      ask('now')
      return next() as Promise<ReceiverFigures>
    },
    async end() {
      ask('end')
      await running.exited
    },
    stop: async () => void (await running.stop('SIGKILL')),
  }
}
