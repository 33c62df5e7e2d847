import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What delay a channel's viewers get; channels made before go on as they were. */
export const channelLatency: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('channel')
      .addColumn('latency', 'text', (c) => c.notNull().defaultTo('low'))
      .execute()
  },
}
