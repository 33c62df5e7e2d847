import { join } from 'node:path'
import { EngineError } from '../error.ts'
import { type AssetFiles, type AssetMemory, applyJournal, touch } from './asset.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { type JournalRecord, type WrittenTracks, writeJournalHeader, writeJournalRecord } from './journal.ts'
import type { StoreLimits } from './limits.ts'
import { JOURNAL_NAME, RESERVED_NAME } from './names.ts'
import { type Reserved, writeReserved } from './reserved.ts'

type Numbers = Pick<Reserved, 'msn' | 'part'>

/** Brings what must not be lost to the device: records of the journal, and numbers that viewers may see. */
export interface JournalWriter {
  /** False when there is no room for an epoch: the journal is as long as may be, or too many wait for the disk. */
  note(record: JournalRecord): boolean
  /**
   * Numbers up to and including these may be seen from now on.
   *
   * @param isShown see `Reserved`
   */
  reserve(numbers: Numbers, isShown: boolean): void
  /** As {@link reserve}, of the numbers that are reserved already. */
  noteShown(): void
  /**
   * The process stops in order and `msn` is the newest segment that viewers have seen: the numbers reserved beyond it are
   * free again, so that the broadcast goes on without a hole.
   */
  release(msn: number): void
  /** Writes what waits and flushes it. @throws what the disk says; then nothing counts as written */
  write(): Promise<void>
  /** Writes one record at once, before those that wait, and flushes it. @throws what the disk says; then it is not written */
  append(record: JournalRecord): Promise<void>
  readonly isIdle: boolean
  /** A file was made since the last call. */
  takeMade(): boolean
  close(): Promise<void>
}

interface Waiting {
  readonly record: JournalRecord
  readonly bytes: Uint8Array
}

export function createJournalWriter(options: {
  readonly io: StoreIo
  readonly limits: StoreLimits
  readonly files: AssetFiles
  readonly memory: AssetMemory
}): JournalWriter {
  const { io, limits, files, memory } = options
  /** Those that an earlier process wrote are not known: they are written once more. */
  const written: WrittenTracks = new Map()
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let reserving: Reserved | undefined
  let journal: StoreFile | undefined
  let reservedFile: StoreFile | undefined
  let isMade = false
  let isClosed = false

  async function open(name: string): Promise<StoreFile> {
    const file = await io.open(join(files.folder, name), 'write')
    if (!isClosed) return file
    // Given up while the disk did not answer: nobody else would close it.
    await file.close()
    throw new EngineError('disk', 'file is closed')
  }

  async function writeJournal(): Promise<void> {
    if (waiting.length === 0) return
    // A copy: what is queued while these are written must not count as written with them.
    const batch = [...waiting]
    // Parts are worth nothing without their epoch.
    await writeSynced(batch.map(({ bytes }) => bytes))
    waiting = waiting.slice(batch.length)
    waitingBytes = waiting.reduce((sum, other) => sum + other.bytes.byteLength, 0)
    for (const { record } of batch) applyJournal(memory, record)
    touch(memory)
  }

  async function writeSynced(records: readonly Uint8Array[]): Promise<void> {
    const isNew = files.journalBytes === 0
    journal ??= await open(JOURNAL_NAME)
    const buffers = isNew ? [writeJournalHeader(), ...records] : records
    await journal.write(buffers, files.journalBytes)
    await journal.sync()
    files.journalBytes += buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0)
    isMade ||= isNew
  }

  async function writeReservation(): Promise<void> {
    if (reserving === undefined) return
    const current = reserving
    const isNew = reservedFile === undefined
    reservedFile ??= await open(RESERVED_NAME)
    const { bytes, position } = writeReserved(current)
    await reservedFile.write([bytes], position)
    await reservedFile.sync()
    isMade ||= isNew
    if (reserving === current) reserving = undefined
    else reserving = { ...reserving, count: current.count + 1 }
    memory.reserved = current
    touch(memory)
  }

  function reserve({ msn, part }: Numbers, isShown: boolean): void {
    const before = reserving ?? memory.reserved
    if (msn <= before.msn && part <= before.part && isShown === before.isShown) return
    const count = memory.reserved.count + 1
    reserving = { msn: Math.max(msn, before.msn), part: Math.max(part, before.part), isShown, count }
  }

  return {
    note(record) {
      const isEpoch = record.type === 'epoch'
      if (isEpoch && waiting.length >= limits.journalQueue) return false
      const bytes = writeJournalRecord(record, written)
      // Removals and the end are few and always find room.
      if (isEpoch && files.journalBytes + waitingBytes + bytes.byteLength > limits.journalBytes) {
        written.clear()
        return false
      }
      waiting.push({ record, bytes })
      waitingBytes += bytes.byteLength
      return true
    },
    reserve,
    noteShown: () => reserve(memory.reserved, true),
    release(msn) {
      const { reserved } = memory
      if (reserving !== undefined || reserved.count === 0) return
      reserving = { ...reserved, msn, isShown: true, count: reserved.count + 1 }
    },
    async write() {
      await writeReservation()
      await writeJournal()
    },
    append: (record) => writeSynced([writeJournalRecord(record)]),
    get isIdle() {
      return waiting.length === 0 && reserving === undefined
    },
    takeMade() {
      const wasMade = isMade
      isMade = false
      return wasMade
    },
    async close() {
      isClosed = true
      await journal?.close()
      await reservedFile?.close()
    },
  }
}
