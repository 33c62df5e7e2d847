import { setTimeout as sleep } from 'node:timers/promises'
import { type Running, start } from '../../test/support/process.ts'

/** A script in a process of its own that says a line of JSON when it is ready, and one for each line that it is sent. */
export interface AnsweringScript {
  readonly running: Running
  ask(line: string): Promise<object>
}

/** Resolves when it is ready; throws with its output when it ends before. @param limit ms it may live */
export async function startAnswering(script: URL, args: readonly string[], limit: number): Promise<AnsweringScript> {
  const running = start(process.execPath, [script.pathname, ...args], { limit })
  let taken = 0
  const next = async (): Promise<object> => {
    for (;;) {
      const line = running.stdout().split('\n').slice(0, -1)[taken]
      if (line !== undefined) {
        taken++
        return JSON.parse(line) as object
      }
      if (!running.running()) throw new Error(`${script.pathname} ended:\n${running.output()}`)
      await sleep(20)
    }
  }
  await next().catch(async (cause: unknown) => {
    await running.stop('SIGKILL')
    throw cause
  })
  return {
    running,
    ask(line) {
      running.stdin.write(`${line}\n`)
      return next()
    },
  }
}
