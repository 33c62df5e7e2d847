import type { Log } from '../ports.ts'
import { createLane } from './lane.ts'
import type { StoreLimits } from './limits.ts'
import { HUNG, LOW_SPACE } from './trouble.ts'
import type { WriterTask } from './writer.ts'

/** The one lane by which files are changed, and whose turn it is. */
export interface Writing {
  readonly tasks: Map<string, WriterTask>
  /** Runs writes, and everything else that changes files. @throws EngineError `limit` when too many wait; what the task throws */
  run<T>(task: () => Promise<T>): Promise<T>
  /** Something waits in a task. */
  wake(): void
  /** No space for recordings. */
  readonly isBlocked: boolean
  block(isLow: boolean): void
  close(): void
}

export function createWriting(options: {
  readonly limits: StoreLimits
  readonly now: () => number
  readonly log: Log
}): Writing {
  const { limits, now, log } = options
  const lane = createLane(1, limits.writeQueue)
  const tasks = new Map<string, WriterTask>()
  let isPumping = false
  let isWoken = false
  let isBlocked = false
  /** A write is with the disk, and how long the disk was seen not to answer; milliseconds. */
  let isWriting = false
  let silent = 0
  let lastTick = now()
  let isHung = false

  function tell(): void {
    const reason = isHung ? HUNG : isBlocked ? LOW_SPACE : undefined
    for (const task of tasks.values()) task.trouble(reason)
  }

  function run<T>(task: () => Promise<T>): Promise<T> {
    return lane.run(async () => {
      isWriting = true
      silent = 0
      try {
        return await task()
      } finally {
        isWriting = false
        if (isHung) {
          isHung = false
          tell()
        }
      }
    })
  }

  async function pump(): Promise<void> {
    if (isPumping) return
    isPumping = true
    try {
      for (let isBusy = true; isBusy; ) {
        isBusy = false
        // A task that ends or begins meanwhile is left out or met, as a map's own order has it.
        for (const task of tasks.values()) {
          if (!task.isDue(now())) continue
          isBusy = true
          await run(() => task.flush())
        }
      }
    } catch (error) {
      // The lane is full. What the tasks hold waits for the next tick; beyond their bounds it is a gap and a message.
      log.warn({ error: String(error) }, 'recordings wait for the disk')
    } finally {
      isPumping = false
    }
  }

  function wake(): void {
    // Not at once: what comes within the same turn of the event loop is written together.
    if (isPumping || isWoken) return
    isWoken = true
    setImmediate(() => {
      isWoken = false
      void pump()
    })
  }

  const ticker = setInterval(() => {
    // A tick that comes late says that this process was busy, or not running at all: the disk may have answered long ago.
    const at = now()
    if (isWriting) silent += Math.min(Math.max(0, at - lastTick), limits.tickMs)
    lastTick = at
    if (isWriting && silent >= limits.hungMs && !isHung) {
      isHung = true
      tell()
    }
    wake()
  }, limits.tickMs).unref()

  return {
    tasks,
    run,
    wake,
    get isBlocked() {
      return isBlocked
    },
    block(isLow) {
      if (isLow === isBlocked) return
      isBlocked = isLow
      tell()
    },
    close: () => clearInterval(ticker),
  }
}
