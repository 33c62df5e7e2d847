import { createId } from '@bandstand/contract/ids.ts'
import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import type { OrganisationTable } from '../database/schema.ts'

/** The one organisation of this instance. */
export interface OrganisationStore {
  get(): Promise<OrganisationTable | undefined>
  create(secretCheck: string, now: number): Promise<OrganisationTable>
  setOwnerName(id: string, name: string, now: number): Promise<void>
}

export function createOrganisationStore(database: Database): OrganisationStore {
  return {
    get: () => database.selectFrom('organisation').selectAll().orderBy('id').limit(1).executeTakeFirst(),
    create(secretCheck, now) {
      const row = { id: createId('organisation'), owner_name: 'Owner', secret_check: secretCheck, created_at: now }
      return database.transaction().execute(async (tx) => {
        await tx.insertInto('organisation').values(row).execute()
        await writeEvents(tx, [{ orgId: row.id, type: 'instance.created', subject: row.id, at: now }])
        return row
      })
    },
    async setOwnerName(id, name, now) {
      await database.transaction().execute(async (tx) => {
        await tx.updateTable('organisation').set({ owner_name: name }).where('id', '=', id).execute()
        await writeEvents(tx, [{ orgId: id, type: 'owner.renamed', subject: id, at: now, data: { name } }])
      })
    },
  }
}
