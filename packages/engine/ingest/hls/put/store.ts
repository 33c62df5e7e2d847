import { createGather, type Gather } from '../../../gather.ts'
import { HLS_LIMITS } from '../limits.ts'
import type { PutFault } from './faults.ts'
import type { MapFile } from './maps.ts'

/** Bytes that files of all encoders take. Where that is too much, the encoder loses that has most, whole or on its way. */
export interface PutBudget {
  readonly used: number
  add(bytes: number): void
  join(store: Shedding): void
  leave(store: Shedding): void
  /** @returns false where there is nothing that could go */
  shed(): boolean
}

/** An encoder's files, as the budget sees them. */
interface Shedding {
  /** Bytes of those that are whole and of those that are on their way. */
  readonly used: number
  /** A file goes, or one that is on its way. */
  giveWay(): void
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
      for (const store of stores) if (store.used > (fullest?.used ?? 0)) fullest = store
      fullest?.giveWay()
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
  /** @returns what is wrong, or was meanwhile; then nothing of the file is kept. */
  write(chunk: Uint8Array): PutFault | undefined
  /** It is whole; or it was given up before. */
  end(): StoredFile | PutFault
  abort(): void
}

/** What one encoder has put, in memory and nowhere else. Where there is too much the oldest file goes that is no EXT-X-MAP. */
export interface PutStore {
  /** What was under this name before is gone from now on: it is not what a playlist means that names it later. */
  begin(name: string): Incoming | PutFault
  get(name: string): StoredFile | undefined
  isComing(name: string): boolean
  delete(name: string): void
  /** It is an EXT-X-MAP, which is put once and needed again and again: what is under this name goes last, where it is as small as they are. */
  keep(name: string): void
  /** All of those that are there, the one that was read longest ago first. */
  readonly maps: readonly MapFile[]
  /** Files that had to go unread, or before they were whole, for there was no room. */
  readonly dropped: number
  /** Lets go of everything, also of what is still being put. */
  close(): void
}

/** One file on its way, as its store sees it. */
interface UnderWay {
  readonly total: number
  giveUp(why: PutFault): void
}

export function createPutStore(budget: PutBudget): PutStore {
  const files = new Map<string, StoredFile>()
  const coming = new Map<string, number>()
  /** Names of files that have been read as EXT-X-MAP, also where one is just being put anew. */
  const maps = new Set<string>()
  let serial = 0
  /** Bytes of all files. */
  let used = 0
  const underWay = new Set<UnderWay>()
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
    account(-file.bytes.byteLength)
  }

  /** Not of EXT-X-MAPs, which take little. @returns false where there is none */
  function dropOldest(): boolean {
    const oldest = files.keys().find((name) => !maps.has(name))
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

  /** What nobody has read first; initialisation segments, which are small, last. */
  function giveWay(): void {
    if (dropOldest()) return
    let largest: UnderWay | undefined
    for (const one of underWay) if (one.total > (largest?.total ?? 0)) largest = one
    if (largest !== undefined) largest.giveUp('no-room')
    else for (const map of maps) drop(map)
    dropped++
  }

  const shedding: Shedding = {
    get used() {
      return used
    },
    giveWay,
  }
  budget.join(shedding)

  return {
    begin(name) {
      if (isClosed) return 'ended'
      if (underWay.size >= HLS_LIMITS.putAtOnce) return 'too-many'
      drop(name)
      const own = ++serial
      coming.set(name, own)
      /** Absent when it is over. */
      let gather: Gather | undefined = createGather()
      let total = 0
      let lost: PutFault = 'ended'
      const finish = () => {
        gather = undefined
        underWay.delete(seen)
        if (coming.get(name) === own) coming.delete(name)
      }
      const giveUp = (why: PutFault) => {
        if (gather === undefined) return
        lost = why
        finish()
        account(-total)
      }
      const seen: UnderWay = {
        get total() {
          return total
        },
        giveUp,
      }
      underWay.add(seen)
      return {
        serial: own,
        write(chunk) {
          if (gather === undefined) return lost
          if (total + chunk.byteLength > HLS_LIMITS.fileBytes) giveUp('too-large')
          else if (!makeRoom(chunk.byteLength)) giveUp('no-room')
          // Either of them, or room was made of this one.
          if (gather === undefined) return lost
          gather.push(chunk)
          total += chunk.byteLength
          account(chunk.byteLength)
          return undefined
        },
        end() {
          if (gather === undefined) return lost
          const file = { bytes: gather.bytes(), serial: own }
          finish()
          const known = files.get(name)
          // Two of one name at the same time: the one that began later is meant.
          if (known !== undefined && known.serial > own) {
            account(-total)
            return file
          }
          drop(name)
          files.set(name, file)
          makeRoom(0)
          return file
        },
        abort: () => giveUp('ended'),
      }
    },
    get: (name) => files.get(name),
    isComing: (name) => coming.has(name),
    delete: drop,
    keep(name) {
      const size = files.get(name)?.bytes.byteLength ?? Number.POSITIVE_INFINITY
      if (size > HLS_LIMITS.putMapBytes) return
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
      for (const one of underWay) one.giveUp('ended')
    },
  }
}
