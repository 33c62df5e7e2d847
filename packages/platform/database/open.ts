import { chmod, open } from 'node:fs/promises'
import { Kysely } from 'kysely'
import type { Log } from '../ports.ts'
import { type DatabaseClient, openClient } from './client.ts'
import { createDialect } from './dialect.ts'
import { migrate } from './migrate.ts'
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
  const client = await openClient(path, log)
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

/**
 * Lets nobody but the server's own user read the database: sessions, sealed keys and addresses are in it. SQLite would make it
 * readable to all; the files that it puts beside it get the mode of this one.
 */
async function keepPrivate(path: string): Promise<void> {
  // What cannot be made or changed here is told, or found to be no trouble, when the database is opened.
  await open(path, 'a', 0o600).then(
    (file) => file.close(),
    () => {},
  )
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await chmod(file, 0o600).catch(() => {})
}
