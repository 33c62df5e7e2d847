import { Worker } from 'node:worker_threads'
import { PlatformError, type PlatformErrorCode } from '../error.ts'
import { BUSY_TIMEOUT, PREPARED_MAX, ROWS_MAX, STATEMENTS_MAX, WORKER_HEAP_MB } from './limits.ts'

/** `[id, SQL, parameters]`, as posted; many in one message. */
type Statement = readonly [number, string, readonly unknown[]]
/** `[id, error, rows, changed or returned rows]`, as answered. */
type Answer = readonly [number, { message: string; errcode: number } | null, unknown[], number]

export interface Result {
  readonly rows: unknown[]
  readonly changes: number
}

/** One SQLite database in a thread of its own. */
export interface DatabaseClient {
  /** Statements run in the order of the calls; those of one turn of the event loop travel together. */
  run(sql: string, parameters: readonly unknown[]): Promise<Result>
  /** Statements posted and not yet answered. */
  readonly waiting: number
  close(): Promise<void>
}

interface Pending {
  readonly sql: string
  readonly resolve: (result: Result) => void
  readonly reject: (error: PlatformError) => void
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that callers tell apart. */
const CODES: Readonly<Record<number, PlatformErrorCode>> = {
  8: 'disk',
  10: 'disk',
  13: 'disk',
  14: 'disk',
  19: 'constraint',
}

function toError(sql: string, { message, errcode }: { message: string; errcode: number }): PlatformError {
  const code = CODES[errcode & 0xff] ?? 'database'
  // The statement holds placeholders only, never a value.
  return new PlatformError(code, message, { sqlite: errcode, sql: sql.slice(0, 200) })
}

/**
 * Opens the database at the path, making it where there is none.
 * @throws PlatformError `data-folder` when it cannot be opened
 */
export async function openClient(path: string): Promise<DatabaseClient> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    name: 'database',
    workerData: { path, busyTimeout: BUSY_TIMEOUT, preparedMax: PREPARED_MAX, rowsMax: ROWS_MAX },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: 2 },
  })
  const pending = new Map<number, Pending>()
  let nextId = 0
  let batch: Statement[] = []
  let failure: PlatformError | undefined

  const fail = (error: PlatformError) => {
    failure ??= error
    for (const { reject } of pending.values()) reject(failure)
    pending.clear()
  }

  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: unknown) =>
      reject(
        new PlatformError(
          'data-folder',
          `the database ${path} cannot be opened: ${(cause as Error).message}`,
          {},
          cause,
        ),
      )
    worker.once('error', refuse)
    worker.once('message', () => {
      worker.off('error', refuse)
      resolve()
    })
  })

  worker.on('error', (cause) => fail(new PlatformError('database', 'the database thread failed', {}, cause)))
  worker.on('exit', () => fail(new PlatformError('closed', 'the database is closed')))
  worker.on('message', (answers: Answer[] | 'closed') => {
    if (answers === 'closed') return
    for (const [id, error, rows, changes] of answers) {
      const waiter = pending.get(id)
      pending.delete(id)
      if (error) waiter?.reject(toError(waiter.sql, error))
      else waiter?.resolve({ rows, changes })
    }
  })

  const post = () => {
    const statements = batch
    batch = []
    worker.postMessage(statements)
  }

  return {
    run(sql, parameters) {
      if (failure) return Promise.reject(failure)
      if (pending.size >= STATEMENTS_MAX)
        return Promise.reject(new PlatformError('limit', 'too many statements wait for the database'))
      return new Promise<Result>((resolve, reject) => {
        const id = nextId++
        pending.set(id, { sql, resolve, reject })
        if (batch.push([id, sql, parameters]) === 1) queueMicrotask(post)
      })
    },
    get waiting() {
      return pending.size
    },
    async close() {
      if (failure) return
      const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      if (batch.length > 0) post()
      worker.postMessage('close')
      await gone
    },
  }
}
