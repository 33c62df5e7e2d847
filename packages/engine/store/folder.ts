import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those missing above it; no error when it is there. One by one, for Node's own way of doing it never
 * comes back where a file system takes no folders (/proc), and says ENOENT of a disk that is read-only.
 *
 * @param mode of those that are made
 * @throws Node system error; `ENOTDIR` where a file is in the way
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const wanted = resolve(path)
  try {
    await mkdir(wanted, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(wanted)
    if (code === 'EEXIST') {
      if ((await stat(wanted)).isDirectory()) return
      throw Object.assign(error as Error, { code: 'ENOTDIR' })
    }
    if (code !== 'ENOENT' || parent === wanted || (await isThere(parent))) throw error
    await makeFolder(parent, mode)
    // Somebody else may have made it meanwhile.
    await makeFolder(wanted, mode)
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Why a folder cannot be made or written, in words for who chose it. @param error of the file system */
export function whyUnusable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it, or what is above it, is a file and not a folder'
    case 'ENOENT':
      return 'no folder can be made there'
    case 'EROFS':
      return 'its disk is mounted read-only'
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full'
    case 'ENAMETOOLONG':
      return 'its name is too long'
    case undefined:
      return message
    default:
      return code
  }
}
