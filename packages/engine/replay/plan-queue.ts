import { EngineError } from '../error.ts'

/** Lets few plans be made at a time and some wait, of which one network has no more than its share. */
export interface PlanQueue {
  /**
   * @param network of who asks
   * @param left nobody waits for it any more: its place in the queue is free again. What has begun is finished, for whoever
   *   asks again.
   * @returns what the task makes, `undefined` where it was left before it began
   * @throws EngineError `limit` when too much waits, or too much of this network; else what the task throws
   */
  run<T>(network: string, left: AbortSignal, task: () => Promise<T>): Promise<T | undefined>
}

export interface PlanQueueLimits {
  /** In the making at a time. */
  readonly planning: number
  /** Waiting. */
  readonly planningQueue: number
  /** In the making or waiting, of one network. */
  readonly planningPerNetwork: number
}

export function createPlanQueue(limits: PlanQueueLimits): PlanQueue {
  const perNetwork = new Map<string, number>()
  const queue = new Set<() => void>()
  let running = 0

  /** True when it is its turn, false when it was left before. */
  async function turn(left: AbortSignal): Promise<boolean> {
    if (running < limits.planning) {
      running++
      return true
    }
    return new Promise((resolve) => {
      const begin = () => {
        left.removeEventListener('abort', leave)
        resolve(true)
      }
      const leave = () => {
        queue.delete(begin)
        resolve(false)
      }
      queue.add(begin)
      left.addEventListener('abort', leave, { once: true })
    })
  }

  /** The place is handed over to who has waited longest, so `running` stays as it is. */
  function pass(): void {
    const [next] = queue
    if (next === undefined) running--
    else {
      queue.delete(next)
      next()
    }
  }

  return {
    async run(network, left, task) {
      const own = perNetwork.get(network) ?? 0
      const isFull = running >= limits.planning && queue.size >= limits.planningQueue
      if (isFull || own >= limits.planningPerNetwork) {
        throw new EngineError('limit', 'too many downloads are being planned', { waiting: queue.size, own })
      }
      perNetwork.set(network, own + 1)
      try {
        if (!(await turn(left))) return undefined
        try {
          return await task()
        } finally {
          pass()
        }
      } finally {
        const rest = (perNetwork.get(network) ?? 1) - 1
        if (rest === 0) perNetwork.delete(network)
        else perNetwork.set(network, rest)
      }
    },
  }
}
