import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import type { PublishKeyTable } from '../database/schema.ts'

export type KeyChange = Partial<Pick<PublishKeyTable, 'note' | 'expires_at'>>

/** Further keys in the database. */
export interface KeyStore {
  /** The next ones behind this id, a page at most. */
  page(after: string): Promise<PublishKeyTable[]>
  /** @returns false where the channel has as many already. @throws PlatformError `constraint` where there is no such channel */
  insert(row: PublishKeyTable, most: number): Promise<boolean>
  update(id: string, change: KeyChange, now: number): Promise<PublishKeyTable | undefined>
  cipher(id: string): Promise<string | undefined>
  /** @returns whether it was there */
  remove(id: string, now: number): Promise<boolean>
  setUsed(id: string, at: number): Promise<void>
  /** Notes that a key was signed, which leaves no other trace. */
  signed(channel: { readonly id: string; readonly orgId: string }, expiresAt: number, now: number): Promise<void>
}

const PAGE = 1000

export function createKeyStore(database: Database): KeyStore {
  return {
    page: (after) =>
      database.selectFrom('publish_key').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
    insert(row, most) {
      return database.transaction().execute(async (tx) => {
        const { count } = await tx
          .selectFrom('publish_key')
          .select((select) => select.fn.countAll<number>().as('count'))
          .where('channel_id', '=', row.channel_id)
          .executeTakeFirstOrThrow()
        if (count >= most) return false
        await tx.insertInto('publish_key').values(row).execute()
        await writeEvents(tx, [
          {
            ...{ orgId: row.org_id, type: 'channel.key-added', subject: row.channel_id, at: row.created_at },
            data: { keyId: row.id, note: row.note },
          },
        ])
        return true
      })
    },
    update(id, change, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('publish_key')
          .set(change)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst()
        if (row === undefined) return undefined
        const data = { keyId: id, fields: Object.keys(change).join(' ') }
        await writeEvents(tx, [
          { orgId: row.org_id, type: 'channel.key-changed', subject: row.channel_id, at: now, data },
        ])
        return row
      })
    },
    async cipher(id) {
      const row = await database.selectFrom('publish_key').select('key_cipher').where('id', '=', id).executeTakeFirst()
      return row?.key_cipher
    },
    remove(id, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx.deleteFrom('publish_key').where('id', '=', id).returningAll().executeTakeFirst()
        if (row === undefined) return false
        const data = { keyId: id, note: row.note }
        await writeEvents(tx, [
          { orgId: row.org_id, type: 'channel.key-revoked', subject: row.channel_id, at: now, data },
        ])
        return true
      })
    },
    async setUsed(id, at) {
      await database.updateTable('publish_key').set({ used_at: at }).where('id', '=', id).execute()
    },
    async signed({ id, orgId }, expiresAt, now) {
      await writeEvents(database, [{ orgId, type: 'channel.key-signed', subject: id, at: now, data: { expiresAt } }])
    },
  }
}
