import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type MadePassword, makePassword } from './access/password.ts'
import { loadSecret } from './access/secrets.ts'
import { type DatabaseClient, openClient } from './database/client.ts'
import { keepPrivate } from './database/private.ts'
import { PlatformError } from './error.ts'
import type { Log } from './ports.ts'

export interface BeginningOptions {
  readonly dataDir: string
  /** Of the settings. */
  readonly ownerPassword: string | undefined
  readonly log: Log
  /** Logarithm of what hashing the password costs; as is safe where not given. */
  readonly passwordCost?: number | undefined
}

/** What other threads do for a platform while this one has something else to do. */
export interface Beginning {
  readonly secret: Uint8Array
  /** Whoever does not make a platform of it closes it. Rejects with PlatformError `data-folder`. */
  readonly client: Promise<DatabaseClient>
  /** At what looks like a first start only. */
  readonly password: Promise<MadePassword> | undefined
}

/**
 * Begins to open the database of a data folder, and to hash the password of a first start: each takes a thread of its own a
 * tenth of a second, which is as long as it takes this one to load the rest. Needs little that has to be loaded itself.
 *
 * @throws PlatformError `data-folder`, `secret`
 */
export async function beginPlatform(options: BeginningOptions): Promise<Beginning> {
  const { dataDir, ownerPassword, log, passwordCost } = options
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw new PlatformError('data-folder', `${dataDir} cannot be made`, {}, cause)
  })
  // The secret first: nothing may be stored that only a secret that was never written could read.
  const secret = await loadSecret(join(dataDir, 'secret'))
  const path = join(dataDir, 'bandstand.db')
  const isNew = await access(path).then(
    () => false,
    () => true,
  )
  const password = isNew ? makePassword(ownerPassword, passwordCost) : undefined
  await keepPrivate(path)
  const client = openClient(path, log)
  // What is in their way is told where they are needed.
  client.catch(() => undefined)
  password?.catch(() => undefined)
  return { secret, client, password }
}
