import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import type { AssetTable } from '../database/schema.ts'
import { PlatformError } from '../error.ts'

export interface AssetQuery {
  readonly channelId?: string
  /** Only assets older than this id. */
  readonly before: string | undefined
  readonly limit: number
  /** Only what has ended and was recorded: a broadcast without a recording leaves nothing to watch. */
  readonly recorded?: boolean
}

/** Broadcasts and their replays in the database: one row for both. */
export interface AssetStore {
  get(id: string): Promise<AssetTable | undefined>
  /** Newest first. */
  list(orgId: string, query: AssetQuery): Promise<AssetTable[]>
  open(): Promise<AssetTable[]>
  /** Those of the ids that have a row. */
  known(ids: readonly string[]): Promise<string[]>
  /** With the title that its channel has. @throws PlatformError `constraint` where there is no such channel */
  start(row: Omit<AssetTable, 'title'>): Promise<void>
  end(id: string, endedAt: number, duration: number, bytes: number): Promise<AssetTable | undefined>
  remove(id: string, now: number): Promise<AssetTable | undefined>
}

export function createAssetStore(database: Database): AssetStore {
  return {
    get: (id) => database.selectFrom('asset').selectAll().where('id', '=', id).executeTakeFirst(),
    list(orgId, { channelId, before, limit, recorded = false }) {
      let query = database.selectFrom('asset').selectAll().where('org_id', '=', orgId)
      if (channelId !== undefined) query = query.where('channel_id', '=', channelId)
      if (before !== undefined) query = query.where('id', '<', before)
      if (recorded) query = query.where('ended_at', 'is not', null).where('duration', '>', 0).where('bytes', '>', 0)
      return query.orderBy('id', 'desc').limit(limit).execute()
    },
    open: () =>
      database.selectFrom('asset').selectAll().where('ended_at', 'is', null).orderBy('id').limit(5000).execute(),
    async known(ids) {
      if (ids.length === 0) return []
      const rows = await database.selectFrom('asset').select('id').where('id', 'in', ids).execute()
      return rows.map(({ id }) => id)
    },
    async start(row) {
      await database.transaction().execute(async (tx) => {
        const channel = await tx
          .selectFrom('channel')
          .select('title')
          .where('id', '=', row.channel_id)
          .executeTakeFirst()
        if (channel === undefined) throw new PlatformError('constraint', 'there is no such channel')
        const inserted = await tx
          .insertInto('asset')
          .values({ ...row, title: channel.title })
          .onConflict((c) => c.column('id').doNothing())
          .executeTakeFirst()
        if ((inserted.numInsertedOrUpdatedRows ?? 0n) === 0n) return
        const data = { channelId: row.channel_id }
        await writeEvents(tx, [
          { orgId: row.org_id, type: 'broadcast.started', subject: row.id, at: row.started_at, data },
        ])
      })
    },
    end(id, endedAt, duration, bytes) {
      return database.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('asset')
          .set({ ended_at: endedAt, duration, bytes })
          .where('id', '=', id)
          .where('ended_at', 'is', null)
          .returningAll()
          .executeTakeFirst()
        if (row) {
          const data = { channelId: row.channel_id, duration, bytes }
          await writeEvents(tx, [{ orgId: row.org_id, type: 'broadcast.ended', subject: id, at: endedAt, data }])
        }
        return row
      })
    },
    remove(id, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx.deleteFrom('asset').where('id', '=', id).returningAll().executeTakeFirst()
        if (row) {
          const data = { channelId: row.channel_id }
          await writeEvents(tx, [{ orgId: row.org_id, type: 'asset.deleted', subject: id, at: now, data }])
        }
        return row
      })
    },
  }
}
