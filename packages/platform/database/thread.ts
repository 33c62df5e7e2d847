import { Worker } from 'node:worker_threads'
import { PlatformError } from '../error.ts'
import { BUSY_TIMEOUT, PREPARED_MAX, ROWS_MAX, WORKER_HEAP_MB } from './limits.ts'

/** `[id, SQL, parameters]`, as posted; many in one message. */
export type Statement = readonly [number, string, readonly unknown[]]
/** `[id, error, rows, changed or returned rows]`, as answered. */
export type Answer = readonly [number, { message: string; errcode: number } | null, unknown[], number]

/** A thread with the database open. */
export interface DatabaseThread {
  post(statements: readonly Statement[]): void
  /** Statements done so far, those included whose answers are on their way. */
  readonly done: number
  /**
   * Ends it, whatever it is at. A thread that waits in the kernel, or in the middle of a statement, ends when it comes back
   * from there; nothing waits for it.
   */
  abandon(): void
  /** Closes the database after what was posted; resolves when the thread is gone. */
  close(): Promise<void>
}

export interface ThreadEvents {
  onAnswers(answers: readonly Answer[]): void
  /** The thread has ended, by `close`, `abandon` or a fault; no more answers come. */
  onGone(cause: unknown): void
}

/**
 * Starts a thread that opens the database at the path, making it where there is none.
 * @throws PlatformError `data-folder` when it cannot be opened
 */
export async function startThread(path: string, events: ThreadEvents): Promise<DatabaseThread> {
  const done = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    name: 'database',
    workerData: { path, busyTimeout: BUSY_TIMEOUT, preparedMax: PREPARED_MAX, rowsMax: ROWS_MAX, done },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: 2 },
  })
  const { promise: opened, resolve } = Promise.withResolvers<void>()
  let isOpen = false
  let isHandedOver = false
  let cause: unknown
  worker.on('error', (error) => {
    cause = error
  })
  const gone = new Promise<void>((settle) => {
    worker.once('exit', () => {
      settle()
      resolve()
      isOpen = false
      if (isHandedOver) events.onGone(cause)
    })
  })
  worker.on('message', (message: readonly Answer[] | 'open' | 'closed') => {
    if (message === 'open') {
      isOpen = true
      resolve()
    } else if (message !== 'closed') events.onAnswers(message)
  })
  await opened
  // It may have ended in the same turn in which it said that it is open.
  if (!isOpen) {
    const why = cause instanceof Error ? cause.message : 'its thread ended'
    throw new PlatformError('data-folder', `the database ${path} cannot be opened: ${why}`, {}, cause)
  }
  isHandedOver = true
  return {
    post: (statements) => worker.postMessage(statements),
    get done() {
      return Atomics.load(done, 0)
    },
    abandon() {
      worker.unref()
      void worker.terminate()
    },
    async close() {
      worker.postMessage('close')
      await gone
    },
  }
}
