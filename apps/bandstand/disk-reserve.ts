import { statfs } from 'node:fs/promises'

/** Enough for the database, its journal and a checkpoint of it, for weeks of signing in and deleting. */
const MOST = 64e6
/** Of a disk on which that would be much. */
const SHARE = 0.1

/**
 * Bytes of the data folder's disk that recordings never take, whatever the settings say: the database shares the disk, and the
 * owner needs it to make room.
 */
export async function diskReserve(data: string): Promise<number> {
  const disk = await statfs(data).catch(() => undefined)
  return disk === undefined ? MOST : Math.min(MOST, Math.round(disk.blocks * disk.bsize * SHARE))
}
