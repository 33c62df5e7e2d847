import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import type { ChannelTable } from '../database/schema.ts'
import { ALIASES_MAX, ASSETS_AT_A_TIME } from './limits.ts'

export type ChannelChange = Partial<
  Pick<
    ChannelTable,
    | 'slug'
    | 'title'
    | 'description'
    | 'offline_text'
    | 'offline_image'
    | 'chat_enabled'
    | 'chat_slow_mode'
    | 'ladder'
    | 'latency'
  >
>
export type KeyColumns = Pick<ChannelTable, 'key_cipher' | 'key_digest' | 'key_setting' | 'key_used_at'>

export interface UpdatedChannel {
  readonly row: ChannelTable
  /** All earlier slugs that still lead here, where the slug has changed. */
  readonly aliases?: readonly string[]
}

/** Channels in the database. Names that are taken throw PlatformError `constraint`. */
export interface ChannelStore {
  all(): Promise<ChannelTable[]>
  aliases(): Promise<{ slug: string; channel_id: string }[]>
  insert(row: ChannelTable): Promise<void>
  /**
   * The slug so far is kept as an alias when it changes, and the oldest alias goes where there are too many. A title is that of
   * the broadcasts that have not ended, too.
   */
  update(id: string, change: ChannelChange, now: number): Promise<UpdatedChannel | undefined>
  key(id: string): Promise<Pick<KeyColumns, 'key_cipher' | 'key_setting'> | undefined>
  /** Slug of the channel that was given its key by this setting. */
  holderOf(keySetting: string): Promise<string | undefined>
  setKey(id: string, key: KeyColumns, now: number): Promise<ChannelTable | undefined>
  /** An encoder was let in with the key of this digest. */
  setKeyUsed(id: string, keyDigest: string, at: number): Promise<void>
  /** From now on keys are signed by another secret. */
  raiseSigning(id: string, now: number): Promise<ChannelTable | undefined>
  remove(id: string, orgId: string, slug: string, now: number): Promise<void>
  /** Ids of its broadcasts and recordings in order, some at a time: those that follow `after`. Empty: no more. */
  assets(id: string, after: string): Promise<string[]>
}

export function createChannelStore(database: Database): ChannelStore {
  return {
    all: () => database.selectFrom('channel').selectAll().orderBy('id').execute(),
    aliases: () => database.selectFrom('channel_alias').select(['slug', 'channel_id']).execute(),
    async insert(row) {
      await database.transaction().execute(async (tx) => {
        await tx.insertInto('channel').values(row).execute()
        await tx.deleteFrom('channel_alias').where('slug', '=', row.slug).execute()
        await writeEvents(tx, [
          { orgId: row.org_id, type: 'channel.created', subject: row.id, at: row.created_at, data: { slug: row.slug } },
        ])
      })
    },
    update(id, change, now) {
      return database.transaction().execute(async (tx) => {
        const before = await tx.selectFrom('channel').select('slug').where('id', '=', id).executeTakeFirst()
        const row = await tx
          .updateTable('channel')
          .set({ ...change, updated_at: now })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst()
        if (row === undefined || before === undefined) return undefined
        if (change.title !== undefined) {
          await tx
            .updateTable('asset')
            .set({ title: row.title })
            .where('channel_id', '=', id)
            .where('ended_at', 'is', null)
            .execute()
        }
        const data = { fields: Object.keys(change).join(' '), slug: row.slug }
        await writeEvents(tx, [{ orgId: row.org_id, type: 'channel.updated', subject: id, at: now, data }])
        if (row.slug === before.slug) return { row }
        await tx.deleteFrom('channel_alias').where('slug', 'in', [row.slug, before.slug]).execute()
        await tx
          .insertInto('channel_alias')
          .values({ slug: before.slug, org_id: row.org_id, channel_id: id, created_at: now })
          .execute()
        const newest = tx
          .selectFrom('channel_alias')
          .select('slug')
          .where('channel_id', '=', id)
          .orderBy('created_at', 'desc')
          .limit(ALIASES_MAX)
        await tx.deleteFrom('channel_alias').where('channel_id', '=', id).where('slug', 'not in', newest).execute()
        const kept = await tx.selectFrom('channel_alias').select('slug').where('channel_id', '=', id).execute()
        return { row, aliases: kept.map(({ slug }) => slug) }
      })
    },
    key: (id) =>
      database.selectFrom('channel').select(['key_cipher', 'key_setting']).where('id', '=', id).executeTakeFirst(),
    async holderOf(keySetting) {
      const row = await database
        .selectFrom('channel')
        .select('slug')
        .where('key_setting', '=', keySetting)
        .executeTakeFirst()
      return row?.slug
    },
    setKey(id, key, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('channel')
          .set({ ...key, updated_at: now })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst()
        if (row) await writeEvents(tx, [{ orgId: row.org_id, type: 'channel.key-rotated', subject: id, at: now }])
        return row
      })
    },
    async setKeyUsed(id, keyDigest, at) {
      await database
        .updateTable('channel')
        .set({ key_used_at: at })
        .where('id', '=', id)
        .where('key_digest', '=', keyDigest)
        .execute()
    },
    raiseSigning(id, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('channel')
          .set((expression) => ({ signing_number: expression('signing_number', '+', 1), updated_at: now }))
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst()
        if (row)
          await writeEvents(tx, [{ orgId: row.org_id, type: 'channel.signed-keys-revoked', subject: id, at: now }])
        return row
      })
    },
    async remove(id, orgId, slug, now) {
      await database.transaction().execute(async (tx) => {
        // Its assets, aliases, messages and bans go with it: foreign keys cascade.
        await tx.deleteFrom('channel').where('id', '=', id).execute()
        await writeEvents(tx, [{ orgId, type: 'channel.deleted', subject: id, at: now, data: { slug } }])
      })
    },
    async assets(id, after) {
      const rows = await database
        .selectFrom('asset')
        .select('id')
        .where('channel_id', '=', id)
        .where('id', '>', after)
        .orderBy('id')
        .limit(ASSETS_AT_A_TIME)
        .execute()
      return rows.map((row) => row.id)
    },
  }
}
