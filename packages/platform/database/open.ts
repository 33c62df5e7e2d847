import { Kysely } from 'kysely'
import { openClient } from './client.ts'
import { createDialect } from './dialect.ts'
import { migrate } from './migrate.ts'
import type { Tables } from './schema.ts'

/** The platform's database, or a transaction of it. */
export type Database = Kysely<Tables>

/**
 * Opens the SQLite database at the path, at the newest schema. `destroy` closes it after what was asked for.
 * @throws PlatformError `data-folder`, `database-newer`, `database`
 */
export async function openDatabase(path: string): Promise<Database> {
  const client = await openClient(path)
  const database = new Kysely<Tables>({ dialect: createDialect(client) })
  try {
    await migrate(database)
  } catch (error) {
    await database.destroy()
    throw error
  }
  return database
}
