import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EngineError } from '../error.ts'

/** Held by the one server that works on a data folder. */
export interface FolderLock {
  /** Gives the folder free; a killed process does not need to. */
  release(): Promise<void>
}

/** What the lock file says of its holder. */
interface Holder {
  readonly pid: number
  /** Of the machine's current boot; empty where it is not known. */
  readonly boot: string
  /** Clock ticks from boot to the start of the process, so that a reused pid is seen; empty where it is not known. */
  readonly started: string
}

const NAME = 'bandstand.lock'

/**
 * Locks a data folder for this process; makes the folder when it is missing. The lock of a process that is no more is
 * taken over. Processes in another pid namespace (two containers on one volume) cannot be told from dead ones.
 *
 * @throws EngineError `data-folder` when another server uses the folder, or it cannot be written
 */
export async function lockDataFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, NAME)
  const own = await describe(process.pid)
  const text = `${JSON.stringify({ ...own, token: randomUUID() })}\n`
  try {
    // Secrets will be kept in it.
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (let attempt = 0; attempt < 20; attempt++) {
      if (await tryCreate(path, text)) return { release: () => release(path, text) }
      const holder = await readHolder(path)
      if (holder !== undefined && (await isAlive(holder, own))) throw inUse(folder, holder)
      await takeAway(path, text, own)
      await delay(5)
    }
  } catch (error) {
    if (error instanceof EngineError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new EngineError('data-folder', `The data folder ${folder} cannot be used (${code}).`, {}, error)
  }
  throw new EngineError('data-folder', `The data folder ${folder} is being taken by another server.`)
}

function inUse(folder: string, { pid }: Holder): EngineError {
  return new EngineError(
    'data-folder',
    `The data folder ${folder} is in use by another server (process ${pid}). Stop that one, or give this one a folder of its own.`,
    { pid },
  )
}

/** Makes the file with its content in one step; false when there is one already. */
async function tryCreate(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o640 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(draft)
  }
}

/** Removes a dead holder's lock. A second lock guards this, lest a fresh one of another server is removed instead. */
async function takeAway(path: string, text: string, own: Holder): Promise<void> {
  const guard = `${path}.takeover`
  if (!(await tryCreate(guard, text))) {
    const holder = await readHolder(guard)
    if (holder === undefined || !(await isAlive(holder, own))) await unlink(guard).catch(() => undefined)
    return
  }
  try {
    const holder = await readHolder(path)
    if (holder === undefined || !(await isAlive(holder, own))) await unlink(path).catch(() => undefined)
  } finally {
    await release(guard, text)
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  return parse(await readFile(path, 'utf8').catch(() => ''))
}

async function release(path: string, text: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found === text) await unlink(path).catch(() => undefined)
}

function parse(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null
    if (typeof value?.pid !== 'number' || !Number.isSafeInteger(value.pid) || value.pid <= 0) return undefined
    return { pid: value.pid, boot: value.boot ?? '', started: value.started ?? '' }
  } catch {
    // Not ours, or gone between two looks: `takeAway` looks again.
    return undefined
  }
}

async function isAlive(holder: Holder, own: Holder): Promise<boolean> {
  if (holder.boot !== '' && own.boot !== '' && holder.boot !== own.boot) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const { started } = await describe(holder.pid)
  return started === '' || holder.started === '' || started === holder.started
}

async function describe(pid: number): Promise<Holder> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Field 22 (proc(5)); the name in field 2 may hold spaces and parentheses.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  return { pid, boot: boot.trim(), started }
}
