import { createId } from '@bandstand/contract/ids.ts'
import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import { SESSIONS_MAX } from './limits.ts'

export interface StoredSession {
  readonly id: string
  readonly orgId: string
  readonly expiresAt: number
}

/** Password and sessions of the owner in the database. */
export interface OwnerStore {
  password(orgId: string): Promise<{ hash: string; setting: string | null } | undefined>
  /** Sets the password and signs everybody out. */
  setPassword(orgId: string, hash: string, setting: string | null, now: number): Promise<void>
  session(tokenHash: string): Promise<StoredSession | undefined>
  addSession(orgId: string, tokenHash: string, now: number, expiresAt: number): Promise<StoredSession>
  removeSession(session: StoredSession, now: number): Promise<void>
}

export function createOwnerStore(database: Database): OwnerStore {
  return {
    password(orgId) {
      return database
        .selectFrom('owner_password')
        .select(['hash', 'setting'])
        .where('org_id', '=', orgId)
        .executeTakeFirst()
    },
    async setPassword(orgId, hash, setting, now) {
      await database.transaction().execute(async (tx) => {
        await tx
          .insertInto('owner_password')
          .values({ org_id: orgId, hash, setting, updated_at: now })
          .onConflict((c) => c.column('org_id').doUpdateSet({ hash, setting, updated_at: now }))
          .execute()
        await tx.deleteFrom('owner_session').where('org_id', '=', orgId).execute()
        await writeEvents(tx, [{ orgId, type: 'owner.password-changed', subject: orgId, at: now }])
      })
    },
    async session(tokenHash) {
      const row = await database
        .selectFrom('owner_session')
        .select(['id', 'org_id', 'expires_at'])
        .where('token_hash', '=', tokenHash)
        .executeTakeFirst()
      return row && { id: row.id, orgId: row.org_id, expiresAt: row.expires_at }
    },
    addSession(orgId, tokenHash, now, expiresAt) {
      const id = createId('session')
      return database.transaction().execute(async (tx) => {
        await tx.deleteFrom('owner_session').where('expires_at', '<=', now).execute()
        const newest = tx
          .selectFrom('owner_session')
          .select('id')
          .where('org_id', '=', orgId)
          .orderBy('id', 'desc')
          .limit(SESSIONS_MAX - 1)
        await tx.deleteFrom('owner_session').where('org_id', '=', orgId).where('id', 'not in', newest).execute()
        await tx
          .insertInto('owner_session')
          .values({ id, org_id: orgId, token_hash: tokenHash, created_at: now, expires_at: expiresAt })
          .execute()
        await writeEvents(tx, [{ orgId, type: 'owner.signed-in', subject: id, at: now }])
        return { id, orgId, expiresAt }
      })
    },
    async removeSession({ id, orgId }, now) {
      await database.transaction().execute(async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('owner_session').where('id', '=', id).executeTakeFirst()
        if (numDeletedRows > 0n) await writeEvents(tx, [{ orgId, type: 'owner.signed-out', subject: id, at: now }])
      })
    },
  }
}
