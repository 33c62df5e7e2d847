import { join } from 'node:path'
import type { StoreIo } from './io.ts'
import { RUNNING_FOLDER } from './names.ts'

/**
 * Marks of broadcasts that have not ended: after a crash a start looks at these before it listens, however many others there
 * are. A mark may be left over, but none is ever missing.
 */
export async function markRunning(io: StoreIo, root: string, assetId: string): Promise<void> {
  const folder = join(root, RUNNING_FOLDER)
  await io.mkdir(folder)
  const mark = await io.open(join(folder, assetId), 'write')
  await mark.close()
  await io.syncFolder(folder)
}

export async function unmarkRunning(io: StoreIo, root: string, assetId: string): Promise<void> {
  await io.unlink(join(root, RUNNING_FOLDER, assetId))
}

/** Assets that are marked; `undefined` when no broadcast was ever marked here, so that nothing is known. */
export async function readRunning(io: StoreIo, root: string): Promise<readonly string[] | undefined> {
  const folder = join(root, RUNNING_FOLDER)
  return (await io.stat(folder)) === undefined ? undefined : io.readdir(folder)
}
