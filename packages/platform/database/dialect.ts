import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { PlatformError } from '../error.ts'
import type { DatabaseClient } from './client.ts'

/** What it says to a rollback where no transaction is active. */
const SQLITE_ERROR = 1

/**
 * Kysely's driver on a database thread. Statements outside transactions go to the thread at once, so that those of one turn
 * travel in one message; while a transaction is open, everything else waits for its end.
 */
class WorkerDriver implements Driver {
  readonly #client: DatabaseClient
  /** The connection that has a transaction open; there is one SQLite connection behind all of them. */
  #owner: DatabaseConnection | undefined
  /** The client's session in which that transaction began. */
  #session = 0
  /** Resolves when the transactions asked for so far are over. */
  #turn: Promise<void> = Promise.resolve()
  #release: (() => void) | undefined

  constructor(client: DatabaseClient) {
    this.#client = client
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection: DatabaseConnection = {
      executeQuery: <R>({ sql, parameters }: CompiledQuery) =>
        this.#execute(connection, sql, parameters) as Promise<QueryResult<R>>,
      streamQuery() {
        throw new PlatformError('database', 'streaming is not offered: page the query')
      },
    }
    return connection
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = before.then(() => promise)
    await before
    this.#owner = connection
    this.#release = resolve
    this.#session = this.#client.session
    try {
      // Immediate: the write lock is taken now, where waiting for it is possible, not in the middle.
      await this.#client.run('begin immediate', [])
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async commitTransaction(): Promise<void> {
    this.#checkSession()
    await this.#client.run('commit', [])
    this.#end()
  }

  async rollbackTransaction(): Promise<void> {
    try {
      // With its thread a transaction is rolled back already.
      if (this.#client.session === this.#session) await this.#client.run('rollback', [])
    } catch (error) {
      // SQLite has rolled back by itself, for want of room for example (https://sqlite.org/lang_transaction.html, 3): the
      // caller is told of that, not of this.
      if (!(error instanceof PlatformError && error.context['sqlite'] === SQLITE_ERROR)) throw error
    } finally {
      this.#end()
    }
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#turn
    await this.#client.close()
  }

  async #execute(
    connection: DatabaseConnection,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<QueryResult<unknown>> {
    while (this.#owner !== undefined && this.#owner !== connection) await this.#turn
    if (this.#owner === connection) this.#checkSession()
    const { rows, changes } = await this.#client.run(sql, parameters)
    return { rows, numAffectedRows: BigInt(changes) }
  }

  /** Half a transaction must not go on outside of one. */
  #checkSession(): void {
    if (this.#client.session === this.#session) return
    throw new PlatformError('unavailable', 'the transaction ended with the database thread; nothing of it is stored')
  }

  #end(): void {
    this.#owner = undefined
    this.#release?.()
    this.#release = undefined
  }
}

class Adapter extends SqliteAdapter {
  /** SQLite rolls back schema changes too; a migration is applied whole or not at all. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Kysely dialect for a database thread. */
export function createDialect(client: DatabaseClient): Dialect {
  return {
    createDriver: () => new WorkerDriver(client),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new Adapter(),
    createIntrospector: (database) => new SqliteIntrospector(database),
  }
}
