import { startAnswering } from './answering.ts'

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
  const script = new URL('../whep/receivers.ts', import.meta.url)
  const { running, ask } = await startAnswering(script, [url, String(count)], limit)
  return {
    pid: running.pid,
    now: () => ask('now') as Promise<ReceiverFigures>,
    async end() {
      running.stdin.write('end\n')
      await running.exited
    },
    stop: async () => void (await running.stop('SIGKILL')),
  }
}
