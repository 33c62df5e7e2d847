import { EngineError } from '../error.ts'

/**
 * Lets at most `width` tasks run at a time and at most `limit` wait. Node has four file threads for the whole process:
 * lanes are why a disk that does not answer takes no more than its share of them.
 */
export interface Lane {
  /** @throws EngineError `limit` when too many wait; else what the task throws. */
  run<T>(task: () => Promise<T>): Promise<T>
  readonly running: number
  readonly waiting: number
}

export function createLane(width: number, limit: number): Lane {
  let running = 0
  const queue: (() => void)[] = []

  async function run<T>(task: () => Promise<T>): Promise<T> {
    if (running >= width) {
      if (queue.length >= limit) throw new EngineError('limit', 'too much waits for the disk', { waiting: limit })
      // The place is handed over by whoever finishes, so `running` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve))
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      const next = queue.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    run,
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
  }
}
