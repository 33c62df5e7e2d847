import { Kysely } from 'kysely'
import type { Log } from '../ports.ts'
import { type DatabaseClient, openClient } from './client.ts'
import { createDialect } from './dialect.ts'
import { migrate } from './migrate.ts'
import { keepPrivate } from './private.ts'
import type { Tables } from './schema.ts'

/** The platform's database, or a transaction of it. */
export type Database = Kysely<Tables>

/** Whether the database answers. */
export type DatabaseState = Pick<DatabaseClient, 'isUp'>

/**
 * Opens the SQLite database at the path, at the newest schema. `destroy` closes it after what was asked for.
 * @throws PlatformError `data-folder`, `database-newer`, `database`
 */
export async function openDatabase(path: string, log: Log): Promise<{ database: Database; state: DatabaseState }> {
  await keepPrivate(path)
  return openTables(await openClient(path, log))
}

/**
 * The same of a client that has just been opened.
 * @throws PlatformError `database-newer`, `database`
 */
export async function openTables(client: DatabaseClient): Promise<{ database: Database; state: DatabaseState }> {
  const database = new Kysely<Tables>({ dialect: createDialect(client) })
  try {
    await migrate(database)
  } catch (error) {
    await database.destroy()
    throw error
  }
  client.watch()
  return { database, state: client }
}
