import { parentPort } from 'node:worker_threads'
import { createFlatPlanner, type FlatPlanner } from './flat-planner.ts'
import type { PlanRow, PlanStart } from './plan-model.ts'

/** Messages to the planner's thread; each is answered, so that no more than one is under way. */
export type PlanRequest =
  | { readonly kind: 'start'; readonly start: PlanStart }
  | { readonly kind: 'rows'; readonly rows: readonly PlanRow[] }
  | { readonly kind: 'finish' }

let planner: FlatPlanner | undefined

parentPort?.on('message', (request: PlanRequest) => {
  switch (request.kind) {
    case 'start':
      planner = createFlatPlanner(request.start)
      return parentPort?.postMessage(undefined)
    case 'rows':
      for (const row of request.rows) planner?.add(row)
      return parentPort?.postMessage(undefined)
    case 'finish': {
      const plan = planner?.finish()
      const arrays =
        plan === undefined ? [] : [plan.header, plan.offset, plan.size, plan.firstPart, plan.lastPart, plan.place]
      return parentPort?.postMessage(
        plan,
        arrays.map((array) => array.buffer as ArrayBuffer),
      )
    }
  }
})
