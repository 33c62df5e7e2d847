import { lockDataFolder } from '@bandstand/engine/store/lock.ts'
import { openReserve } from '../disk-reserve.ts'
import type { Begun } from './begun.ts'

export interface DataFolder {
  /** Takes back the room that was given up to open the database, if there is any. Never rejects. */
  refill(): Promise<void>
}

/** Makes the data folder this process' own, with room enough to open the database. @throws EngineError */
export async function holdDataFolder({ settings, log, started }: Begun): Promise<DataFolder> {
  const lock = await lockDataFolder(settings.data)
  started.defer(() => lock.release())
  const reserve = await openReserve(settings.data, log)
  started.defer(() => reserve.close())
  return { refill: () => reserve.keep().catch(() => undefined) }
}
