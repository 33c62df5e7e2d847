import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { PlatformError } from '../error.ts'
import { foundation } from './migrations/0001-foundation.ts'
import { eventTypeIndex } from './migrations/0002-event-type.ts'
import { ladder } from './migrations/0003-ladder.ts'
import { channelLatency } from './migrations/0004-channel-latency.ts'
import { publishing } from './migrations/0005-publishing.ts'

/** In the order they are applied. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-foundation': foundation,
  '0002-event-type': eventTypeIndex,
  '0003-ladder': ladder,
  '0004-channel-latency': channelLatency,
  '0005-publishing': publishing,
}

/**
 * Brings the database to the newest schema; each migration whole or not at all.
 * @throws PlatformError `database-newer` when a newer version of Bandstand has written it, `database` when a migration fails
 */
export async function migrate<T>(database: Kysely<T>, known = migrations): Promise<void> {
  const applied = await appliedMigrations(database)
  if (applied.length === Object.keys(known).length && applied.every((name) => name in known)) return
  const foreign = applied.find((name) => !(name in known))
  if (foreign !== undefined)
    throw new PlatformError(
      'database-newer',
      `the data folder was written by a newer version of Bandstand (${foreign}); start that version, or restore an older backup`,
      { migration: foreign },
    )
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...known }) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw new PlatformError('database', 'the database could not be migrated', {}, error)
}

async function appliedMigrations<T>(database: Kysely<T>): Promise<string[]> {
  const tables = await sql<{ name: string }>`select name from sqlite_master where name = 'kysely_migration'`.execute(
    database,
  )
  if (tables.rows.length === 0) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(database)
  return rows.map(({ name }) => name)
}
