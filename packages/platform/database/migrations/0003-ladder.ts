import type { Migration } from 'kysely/migration'

/** What smaller pictures a channel has. */
export const ladder: Migration = {
  async up(db) {
    await db.schema.alterTable('channel').addColumn('ladder', 'text').execute()
  },
}
