import { type Beginning, beginPlatform } from '@bandstand/platform/beginning.ts'
import type { Begun } from './begun.ts'

/** Begins to open the database. @throws PlatformError */
export async function beginData({ settings, log, started }: Begun): Promise<Beginning> {
  const { data: dataDir, ownerPassword } = settings
  const beginning = await beginPlatform({ dataDir, ownerPassword, log })
  // Nobody else does where a start fails before there is a platform.
  started.defer(async () => (await beginning.client.catch(() => undefined))?.close())
  return beginning
}
