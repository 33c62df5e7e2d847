import { createGather } from '../../../gather.ts'
import { HLS_LIMITS } from '../limits.ts'
import type { PutFault } from './faults.ts'
import type { MapFile } from './maps.ts'

/** Bytes that files of all encoders take. Where that is too much, the encoder that has most of what nobody has read loses its oldest file. */
export interface PutBudget {
  readonly used: number
  add(bytes: number): void
  join(store: Shedding): void
  leave(store: Shedding): void
  /** @returns false where there is no file that could go */
  shed(): boolean
}

/** An encoder's files, as the budget sees them. */
interface Shedding {
  /** Bytes of those that are whole. */
  readonly kept: number
  dropOldest(): void
}

export function createPutBudget(): PutBudget {
  const stores = new Set<Shedding>()
  let used = 0
  return {
    get used() {
      return used
    },
    add(bytes) {
      used += bytes
    },
    join: (store) => stores.add(store),
    leave: (store) => stores.delete(store),
    shed() {
      let fullest: Shedding | undefined
      for (const store of stores) if (store.kept > (fullest?.kept ?? 0)) fullest = store
      fullest?.dropOldest()
      return fullest !== undefined
    },
  }
}

export interface StoredFile {
  readonly bytes: Uint8Array
  /** Rises with each file whose sending begins. */
  readonly serial: number
}

/** One file that is being put. */
export interface Incoming {
  readonly serial: number
  /** @returns what is wrong; then nothing of the file is kept. */
  write(chunk: Uint8Array): PutFault | undefined
  /** It is whole. */
  end(): StoredFile
  abort(): void
}

/** What one encoder has put, in memory and nowhere else. Where there is too much the oldest file goes that is no EXT-X-MAP. */
export interface PutStore {
  /** What was under this name before is gone from now on: it is not what a playlist means that names it later. */
  begin(name: string): Incoming | PutFault
  get(name: string): StoredFile | undefined
  isComing(name: string): boolean
  delete(name: string): void
  /** It is an EXT-X-MAP, which is put once and needed again and again: what is under this name goes last. */
  keep(name: string): void
  /** All of those that are there, the one that was read longest ago first. */
  readonly maps: readonly MapFile[]
  /** Files that had to go unread. */
  readonly dropped: number
  /** Lets go of everything; what is still being put is not kept. */
  close(): void
}

export function createPutStore(budget: PutBudget): PutStore {
  const files = new Map<string, StoredFile>()
  const coming = new Map<string, number>()
  /** Names of files that have been read as EXT-X-MAP, also where one is just being put anew. */
  const maps = new Set<string>()
  let serial = 0
  /** Bytes of all files, and of those that are whole. */
  let used = 0
  let kept = 0
  let underWay = 0
  let dropped = 0
  let isClosed = false

  function account(bytes: number): void {
    used += bytes
    budget.add(bytes)
  }

  function drop(name: string): void {
    const file = files.get(name)
    if (file === undefined) return
    files.delete(name)
    kept -= file.bytes.byteLength
    account(-file.bytes.byteLength)
  }

  /** @returns false where there is none */
  function dropOldest(): boolean {
    let oldest: string | undefined
    for (const name of files.keys()) {
      oldest ??= name
      if (maps.has(name)) continue
      oldest = name
      break
    }
    if (oldest === undefined) return false
    drop(oldest)
    dropped++
    return true
  }

  /** @param bytes that are to come besides those that are there. */
  function makeRoom(bytes: number): boolean {
    while (used + bytes > HLS_LIMITS.putBytes || files.size > HLS_LIMITS.putFiles) if (!dropOldest()) return false
    while (budget.used + bytes > HLS_LIMITS.putTotalBytes) if (!budget.shed()) return false
    return true
  }

  const shedding: Shedding = {
    get kept() {
      return kept
    },
    dropOldest,
  }
  budget.join(shedding)

  return {
    begin(name) {
      if (underWay >= HLS_LIMITS.putAtOnce) return 'too-many'
      drop(name)
      const own = ++serial
      underWay++
      coming.set(name, own)
      const gather = createGather()
      let total = 0
      let isOver = false
      const finish = () => {
        if (isOver) return false
        isOver = true
        underWay--
        if (coming.get(name) === own) coming.delete(name)
        return true
      }
      const abort = () => {
        if (finish()) account(-total)
      }
      return {
        serial: own,
        write(chunk) {
          if (isOver) return undefined
          const fault =
            total + chunk.byteLength > HLS_LIMITS.fileBytes
              ? 'too-large'
              : makeRoom(chunk.byteLength)
                ? undefined
                : 'no-room'
          if (fault !== undefined) {
            abort()
            return fault
          }
          gather.push(chunk)
          total += chunk.byteLength
          account(chunk.byteLength)
          return undefined
        },
        end() {
          const file = { bytes: gather.bytes(), serial: own }
          if (!finish()) return file
          const known = files.get(name)
          if (isClosed) {
            account(-total)
            return file
          }
          // Two of one name at the same time: the one that began later is meant.
          if (known !== undefined && known.serial > own) {
            account(-total)
            return file
          }
          drop(name)
          files.set(name, file)
          kept += file.bytes.byteLength
          makeRoom(0)
          return file
        },
        abort,
      }
    },
    get: (name) => files.get(name),
    isComing: (name) => coming.has(name),
    delete: drop,
    keep(name) {
      maps.delete(name)
      maps.add(name)
      const [oldest] = maps
      if (maps.size > HLS_LIMITS.putMaps && oldest !== undefined) maps.delete(oldest)
    },
    get maps() {
      return [...maps].flatMap((name) => {
        const file = files.get(name)
        return file === undefined ? [] : [{ name, bytes: file.bytes }]
      })
    },
    get dropped() {
      return dropped
    },
    close() {
      isClosed = true
      budget.leave(shedding)
      for (const name of files.keys()) drop(name)
    },
  }
}
