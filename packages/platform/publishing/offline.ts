import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSecrets, readSecret, type Secrets } from '../access/secrets.ts'
import { BUSY_TIMEOUT } from '../database/limits.ts'
import { PlatformError } from '../error.ts'
import type { SigningChannel } from './signing.ts'

/** What it takes to sign keys for a channel without its server. */
export interface OfflineSigning {
  readonly secrets: Secrets
  readonly channel: SigningChannel
}

/**
 * Reads a data folder, whether its server runs or not; changes nothing in it.
 *
 * @param slug of the channel, or an earlier one
 * @throws PlatformError `data-folder` or `secret`, saying what is wrong with the folder; `constraint` where there is no such channel
 */
export async function openOffline(dataDir: string, slug: string): Promise<OfflineSigning> {
  const path = join(dataDir, 'bandstand.db')
  const secret = await readSecret(join(dataDir, 'secret'))
  if (secret === undefined || !existsSync(path))
    throw new PlatformError('data-folder', `${dataDir} is no data folder of Bandstand; name it with --data`)
  const channel = readChannel(path, slug)
  if (channel === undefined) throw new PlatformError('constraint', `there is no channel ${slug} in ${dataDir}`)
  return { secrets: createSecrets(secret), channel }
}

function readChannel(path: string, slug: string): SigningChannel | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT })
    const row = database
      .prepare(
        `select id, signing_number from channel where slug = ?1
         union all
         select channel.id, signing_number from channel_alias join channel on channel.id = channel_id
         where channel_alias.slug = ?1`,
      )
      .get(slug)
    return row && { id: String(row['id']), signingNumber: Number(row['signing_number']) }
  } catch (cause) {
    const { message } = cause as Error
    const why = /no such (column|table)/.test(message)
      ? 'was last used by an older version; start the server once'
      : message
    throw new PlatformError('data-folder', `${path}: ${why}`, {}, cause)
  } finally {
    database?.close()
  }
}
