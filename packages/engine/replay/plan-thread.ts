import { Worker } from 'node:worker_threads'
import { createFlatPlanner } from './flat-planner.ts'
import type { FlatPlan, PlanRow, PlanStart } from './plan-model.ts'
import type { PlanRequest } from './plan-worker.ts'

/** Makes a plan without holding up the event loop. */
export interface PlanThread {
  add(rows: readonly PlanRow[]): Promise<void>
  finish(): Promise<FlatPlan | undefined>
  /** Ends the thread; the plan stays. */
  close(): Promise<void>
}

/** In this thread, for short recordings: a thread of its own costs 50 ms and some memory. */
export function createLocalPlan(start: PlanStart): PlanThread {
  const planner = createFlatPlanner(start)
  return {
    async add(rows) {
      for (const row of rows) planner.add(row)
    },
    finish: async () => planner.finish(),
    close: async () => undefined,
  }
}

/** In a thread of its own: the tables of a day take a quarter of a second to put together. */
export async function createPlanThread(start: PlanStart): Promise<PlanThread> {
  const worker = new Worker(new URL('./plan-worker.ts', import.meta.url), { name: 'download-plan' })
  worker.unref()
  // Whoever asks hears of it; without a listener in between it would end the server.
  worker.on('error', () => undefined)

  function ask(request: PlanRequest): Promise<FlatPlan | undefined> {
    return new Promise((resolve, reject) => {
      worker.once('message', (answer: FlatPlan | undefined) => {
        worker.off('error', reject)
        resolve(answer)
      })
      worker.once('error', reject)
      worker.postMessage(request)
    })
  }

  await ask({ kind: 'start', start })
  return {
    async add(rows) {
      await ask({ kind: 'rows', rows })
    },
    finish: () => ask({ kind: 'finish' }),
    async close() {
      await worker.terminate()
    },
  }
}
