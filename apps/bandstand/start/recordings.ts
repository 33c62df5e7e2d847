import { join } from 'node:path'
import { createDiskStore, type DiskStore } from '@bandstand/engine/store/disk.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import { diskReserve } from '../disk-reserve.ts'
import type { Begun } from './begun.ts'
import type { ServedPictures } from './pictures.ts'

const GB = 1e9
const DAY_MS = 86_400_000

/** What is on disk of all broadcasts. */
export interface Recordings {
  readonly store: DiskStore
  /** Why a running broadcast that should be recorded is not, in plain words; `undefined` while all are. */
  trouble(): string | undefined
  /** The same of one broadcast. */
  troubleOf(assetId: string): string | undefined
}

/** Opens the store; a recording that it removes is not listed by the platform any more, and has no pictures. */
export async function openRecordings(
  { settings, log, started }: Begun,
  { broadcasts }: Pick<Platform, 'broadcasts'>,
  pictures: () => Pick<ServedPictures, 'forget'> | undefined,
): Promise<Recordings> {
  /** Asset → why. */
  const troubles = new Map<string, string>()
  const store = createDiskStore({
    root: join(settings.data, 'media'),
    log,
    retention: {
      maxBytes: settings.recordingMaxGb * GB,
      maxAgeMs: settings.recordingMaxDays * DAY_MS,
      minFreeBytes: Math.max(settings.recordingMinFreeGb * GB, await diskReserve(settings.data)),
    },
    onState(assetId, { recording, reason }) {
      if (recording || reason === undefined) troubles.delete(assetId)
      else troubles.set(assetId, reason)
    },
    onRemoved(assetId) {
      troubles.delete(assetId)
      pictures()?.forget(assetId)
      broadcasts
        .removed(assetId)
        .catch((error: unknown) => log.error({ asset: assetId, err: error }, 'a removed recording is still listed'))
    },
  })
  started.defer(() => store.close())
  return { store, trouble: () => troubles.values().next().value, troubleOf: (assetId) => troubles.get(assetId) }
}
