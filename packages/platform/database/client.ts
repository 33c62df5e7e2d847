import { PlatformError, type PlatformErrorCode } from '../error.ts'
import type { Log } from '../ports.ts'
import { RESTART_CALM, RESTART_FIRST, RESTART_MOST, STATEMENTS_MAX, WATCH_INTERVAL } from './limits.ts'
import { type Answer, type DatabaseThread, type Statement, startThread } from './thread.ts'
import { createWatchdog } from './watchdog.ts'

export interface Result {
  readonly rows: unknown[]
  readonly changes: number
}

/** One SQLite database in a thread of its own, which is started again when it ends by a fault. */
export interface DatabaseClient {
  /**
   * Statements run in the order of the calls; those of one turn of the event loop travel together. While there is no
   * thread they are refused at once (`unavailable`), as are those that it has not answered when it ends.
   */
  run(sql: string, parameters: readonly unknown[]): Promise<Result>
  /** Statements posted and not yet answered. */
  readonly waiting: number
  /** Rises when the thread ends: a transaction of an earlier session is gone, and must not go on in this one. */
  readonly session: number
  readonly isUp: boolean
  /**
   * From now on a thread that gets nothing done for too long is ended and started again. Not before the schema is at its
   * newest: a migration may take its time.
   *
   * @param interval ms between two looks
   */
  watch(interval?: number): void
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
  13: 'disk-full',
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
export async function openClient(path: string, log: Log): Promise<DatabaseClient> {
  const pending = new Map<number, Pending>()
  let nextId = 0
  let batch: Statement[] = []
  let session = 0
  let isClosed = false
  let restarts = 0
  let upSince = performance.now()
  let timer: NodeJS.Timeout | undefined
  let watchdog: ReturnType<typeof createWatchdog> | undefined
  /** Resolves when an attempt to start the thread again is over. */
  let starting: Promise<void> = Promise.resolve()
  const events = { onAnswers, onGone }
  let thread: DatabaseThread | undefined = await startThread(path, events)

  function onAnswers(answers: readonly Answer[]): void {
    for (const [id, error, rows, changes] of answers) {
      const waiter = pending.get(id)
      pending.delete(id)
      if (error) waiter?.reject(toError(waiter.sql, error))
      else waiter?.resolve({ rows, changes })
    }
  }

  /** Nothing more comes of this thread. */
  function giveUp(error: PlatformError): void {
    thread = undefined
    session++
    batch = []
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }

  function onGone(cause: unknown): void {
    const error = isClosed ? closed() : unavailable(cause)
    if (thread !== undefined) giveUp(error)
    if (isClosed) return
    // One that fails again and again is given more time each time.
    if (performance.now() - upSince >= RESTART_CALM) restarts = 0
    log.error({ err: error }, 'the database thread ended; it is started again')
    restartSoon()
  }

  function onHang(): void {
    const hung = thread
    if (hung === undefined) return
    const error = unavailable(undefined)
    const { sql } = pending.values().next().value ?? {}
    log.error({ sql: sql?.slice(0, 200), waiting: pending.size }, 'the database thread gets nothing done; it is ended')
    giveUp(error)
    // The next is started when this one has gone: it may hold a lock, and there is never more than one.
    hung.abandon()
  }

  function restartSoon(): void {
    const delay = Math.min(RESTART_MOST, RESTART_FIRST * 2 ** restarts)
    restarts++
    timer = setTimeout(() => {
      starting = restart()
    }, delay)
  }

  async function restart(): Promise<void> {
    try {
      const fresh = await startThread(path, events)
      upSince = performance.now()
      thread = fresh
      log.info({ restarts }, 'the database answers again')
    } catch (error) {
      log.error({ err: error, restarts }, 'the database thread could not be started again')
      if (!isClosed) restartSoon()
    }
  }

  function post(): void {
    const statements = batch
    batch = []
    if (statements.length > 0) thread?.post(statements)
  }

  return {
    run(sql, parameters) {
      if (isClosed) return Promise.reject(closed())
      if (thread === undefined) return Promise.reject(unavailable(undefined))
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
    get session() {
      return session
    },
    get isUp() {
      return thread !== undefined
    },
    watch(interval = WATCH_INTERVAL) {
      watchdog ??= createWatchdog({ interval, waiting: () => pending.size, done: () => thread?.done ?? 0, onHang })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      watchdog?.stop()
      clearTimeout(timer)
      post()
      await starting
      await thread?.close()
    },
  }
}

function closed(): PlatformError {
  return new PlatformError('closed', 'the database is closed')
}

function unavailable(cause: unknown): PlatformError {
  return new PlatformError('unavailable', 'the database does not answer; it is being started again', {}, cause)
}
