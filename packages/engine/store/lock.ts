import { access, constants, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EngineError } from '../error.ts'
import { makeFolder, whyUnusable } from './folder.ts'

/** Held by the one server that works on a data folder. */
export interface FolderLock {
  /** Gives the folder free; a killed process does not need to. */
  release(): Promise<void>
}

/** Never removed: who deletes a lock file while another opens it makes two locks of one. */
const LOCK = 'lock.db'
/** Says who holds the lock, for people. It means nothing by itself. */
const HOLDER = 'bandstand.lock'

/** Result code of SQLite where another holds the lock (https://sqlite.org/rescode.html). */
const SQLITE_BUSY = 5

/**
 * Locks a data folder for this process; makes the folder when it is missing.
 *
 * The lock is SQLite's on an empty database of its own, which is the kernel's on the file: it ends with the process however
 * that ends, and holds between containers that share a volume, where a process id says nothing.
 *
 * @throws EngineError `data-folder` when another server uses the folder, or it cannot be written
 */
export async function lockDataFolder(folder: string): Promise<FolderLock> {
  const holder = join(folder, HOLDER)
  try {
    await makeFolder(folder, 0o700)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusable(folder, whyUnusable(error), error)
  }
  const lock = await take(folder)
  // For people only: on a full disk the lock holds without it.
  await writeFile(holder, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`, { mode: 0o640 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return
      lock.close()
      throw unusable(folder, whyUnusable(error), error)
    },
  )
  return {
    async release() {
      if (!lock.isOpen) return
      await rm(holder, { force: true }).catch(() => undefined)
      lock.close()
    },
  }
}

/**
 * Who works on a data folder just now, without taking it.
 *
 * @returns `process 12 on host` where that is known, else `a process`; `undefined` where nobody does, or it cannot be told
 */
export async function holderOfDataFolder(folder: string): Promise<string | undefined> {
  let lock: DatabaseSync | undefined
  try {
    // Reading takes a shared lock for a moment, and neither makes nor changes a file.
    lock = new DatabaseSync(join(folder, LOCK), { timeout: 0, readOnly: true })
    lock.exec('SELECT 1 FROM sqlite_schema')
    return undefined
  } catch (error) {
    return isBusy(error) ? ((await readHolder(folder)) ?? 'a process') : undefined
  } finally {
    lock?.close()
  }
}

async function take(folder: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(folder, LOCK), { timeout: 0 })
    // Nothing is ever written: no journal is needed, and none is left behind.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (!isBusy(error)) throw unusable(folder, `${LOCK}: ${(error as Error).message}`, error)
    const who = await readHolder(folder)
    throw new EngineError(
      'data-folder',
      `The data folder ${folder} is in use by another server${who === undefined ? '' : ` (${who})`}. Stop that one, or give this one a folder of its own.`,
      {},
      error,
    )
  }
}

function unusable(folder: string, why: string, cause: unknown): EngineError {
  return new EngineError(
    'data-folder',
    `The data folder ${folder} cannot be used: ${why}. Choose another with --data.`,
    {},
    cause,
  )
}

function isBusy(error: unknown): boolean {
  return (error as { readonly errcode?: number }).errcode === SQLITE_BUSY
}

/** @returns `process 12 on host` */
async function readHolder(folder: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(folder, HOLDER), 'utf8')
    const { pid, host } = JSON.parse(text) as { readonly pid?: unknown; readonly host?: unknown }
    return typeof pid === 'number' && typeof host === 'string' ? `process ${pid} on ${host}` : undefined
  } catch {
    // It is just being written, or was never written.
    return undefined
  }
}
