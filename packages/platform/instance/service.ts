import type { Secrets } from '../access/secrets.ts'
import type { OrganisationTable } from '../database/schema.ts'
import { PlatformError } from '../error.ts'
import type { OrganisationStore } from './store.ts'

const CHECK = 'bandstand'

/**
 * The instance's organisation, made at the first start.
 * @throws PlatformError `secret` when `data/secret` is not the one that this database was written with
 */
export async function openOrganisation(
  store: OrganisationStore,
  secrets: Secrets,
  now: number,
): Promise<OrganisationTable> {
  const organisation = await store.get()
  if (organisation === undefined) return store.create(secrets.digest('check', CHECK), now)
  if (!secrets.verify('check', CHECK, organisation.secret_check))
    throw new PlatformError(
      'secret',
      'data/secret does not belong to this database: stream keys and sign-ins cannot be read; restore both from the same backup',
    )
  return organisation
}
