import { randomBytes } from 'node:crypto'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@bandstand/engine/ports.ts'

/** Enough for the database, its journal and a checkpoint of it, for weeks of signing in and deleting. */
const MOST = 64e6
/** Of a disk on which that would be much. */
const SHARE = 0.1
/** The file holds enough to open the database and write a little: a start on a full disk needs no more. */
const FILE_MOST = 2e6
const FILE_SHARE = 1 / 4
const FILE = 'reserve'
/** ms between attempts to have the file again. */
const KEEP_MS = 60_000

/**
 * Bytes of the data folder's disk that recordings never take, whatever the settings say: the database shares the disk, and the
 * owner needs it to make room.
 */
export async function diskReserve(data: string): Promise<number> {
  const disk = await statfs(data).catch(() => undefined)
  return disk === undefined ? MOST : Math.min(MOST, Math.round(disk.blocks * disk.bsize * SHARE))
}

/**
 * A file that is nothing but room. Where something else has filled the disk it is given up before the database is opened,
 * which could not be opened otherwise, and is there again once there is room.
 */
export async function openReserve(data: string, log: Log): Promise<{ keep(): Promise<void>; close(): void }> {
  const file = join(data, FILE)
  const bytes = Math.min(FILE_MOST, Math.round((await diskReserve(data)) * FILE_SHARE))
  const free = () =>
    statfs(data).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => 0,
    )
  if ((await stat(file).catch(() => undefined)) !== undefined && (await free()) < bytes) {
    log.warn({}, 'the disk of the data folder is full: the room kept for this is used, make some more')
    await rm(file, { force: true }).catch(() => undefined)
  }
  async function keep(): Promise<void> {
    const held = await stat(file).catch(() => undefined)
    if (held !== undefined && held.size >= bytes) return
    if ((await free()) < 4 * bytes) return
    // Bytes that no file system makes smaller.
    await writeFile(file, randomBytes(bytes), { mode: 0o600 }).catch(() => rm(file, { force: true }))
  }
  const timer = setInterval(() => void keep().catch(() => undefined), KEEP_MS).unref()
  return { keep, close: () => clearInterval(timer) }
}
