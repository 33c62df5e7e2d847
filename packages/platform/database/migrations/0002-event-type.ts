import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Events are kept type by type: what is too old of one is found without going through all others. */
export const eventTypeIndex: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createIndex('event_type').on('event').columns(['org_id', 'type', 'id']).execute()
    await db.schema.dropIndex('event_org').execute()
  },
}
