import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Further keys of a channel, when its own was last used, and the number of the secret that signs its keys. */
export const publishing: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('publish_key')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('org_id', 'text', (c) => c.notNull().references('organisation.id'))
      .addColumn('channel_id', 'text', (c) => c.notNull().references('channel.id').onDelete('cascade'))
      .addColumn('note', 'text', (c) => c.notNull())
      .addColumn('key_cipher', 'text', (c) => c.notNull())
      .addColumn('key_digest', 'text', (c) => c.notNull().unique())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('used_at', 'bigint')
      .execute()
    await db.schema.createIndex('publish_key_channel').on('publish_key').columns(['channel_id', 'id']).execute()
    await db.schema.alterTable('channel').addColumn('key_used_at', 'bigint').execute()
    await db.schema
      .alterTable('channel')
      .addColumn('signing_number', 'integer', (c) => c.notNull().defaultTo(1))
      .execute()
  },
}
