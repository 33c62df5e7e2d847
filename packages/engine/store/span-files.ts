import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import { EngineError } from '../error.ts'
import type { Part } from '../packager/model.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { dataName, indexName } from './names.ts'
import { type PartRecord, RECORD_BYTES, writeRecord, writeSpanHeader } from './record.ts'

/**
 * The files of the span that is being written. Everything is written at a known place, so that a write that failed half-way
 * is simply done again.
 */
export interface SpanFiles {
  /**
   * Appends parts, each track's with one write. Gives the records, in order, and the place of the first in the index. When
   * a segment closes the index on the disk has it before this resolves.
   */
  append(parts: readonly Part[]): Promise<{ readonly records: readonly PartRecord[]; readonly first: number }>
  /** Completes the index and flushes to the device what was written since, data before index. */
  sync(): Promise<void>
  close(): Promise<void>
  /** Tracks that have a data file. */
  readonly tracks: Iterable<TrackId>
  /** Of all files, when the index is complete. */
  readonly bytes: number
}

interface DataFile {
  readonly file: StoreFile
  bytes: number
  isDirty: boolean
  /** Of the newest part. */
  msn: number
}

/** What a batch adds to a data file. */
interface Addition {
  readonly buffers: Uint8Array[]
  bytes: number
  msn: number
}

/**
 * Begins a span. Files are made when the first part needs them.
 *
 * @param unsyncedMs no part that the index has was closed so long before the newest there without being on the device: who
 * reads the files after a power loss compares only the newest with their checksums. A disk that hung is given everything
 * at once, however old.
 */
export function createSpanFiles(io: StoreIo, folder: string, firstMsn: number, unsyncedMs: number): SpanFiles {
  const data = new Map<TrackId, DataFile>()
  let index: StoreFile | undefined
  /** Records in the index file, and those that only data files have. */
  let indexed = 0
  let waiting: Uint8Array[] = []
  let isIndexDirty = false
  /** When the oldest part was closed that is not on the device, and the newest of all; Unix milliseconds. */
  let oldest = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  let isClosed = false

  async function open(name: string): Promise<StoreFile> {
    const file = await io.open(join(folder, name), 'write')
    if (!isClosed) return file
    // Given up while the disk did not answer: nobody else would close it.
    await file.close()
    throw new EngineError('disk', 'file is closed')
  }

  async function dataFile(track: TrackId): Promise<DataFile> {
    let found = data.get(track)
    if (found === undefined) {
      found = { file: await open(dataName(track, firstMsn)), bytes: 0, isDirty: false, msn: firstMsn }
      data.set(track, found)
    }
    return found
  }

  async function syncData(): Promise<void> {
    for (const own of data.values()) {
      if (!own.isDirty) continue
      await own.file.sync()
      own.isDirty = false
    }
    oldest = Number.POSITIVE_INFINITY
  }

  async function writeIndex(records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return
    index ??= await open(indexName(firstMsn))
    isIndexDirty = true
    if (indexed === 0) await index.write([writeSpanHeader(firstMsn), ...records], 0)
    else await index.write(records, RECORD_BYTES * (1 + indexed))
    indexed += records.length
    waiting = []
  }

  return {
    async append(parts) {
      const additions = new Map<TrackId, Addition>()
      const fresh: Uint8Array[] = []
      let closesSegment = false
      const records = parts.map((part): PartRecord => {
        let addition = additions.get(part.track)
        if (addition === undefined) {
          addition = { buffers: [], bytes: 0, msn: data.get(part.track)?.msn ?? part.msn }
          additions.set(part.track, addition)
        }
        closesSegment ||= part.last || part.msn !== addition.msn
        addition.msn = part.msn
        const record = toRecord(part, (data.get(part.track)?.bytes ?? 0) + addition.bytes + RECORD_BYTES)
        const bytes = writeRecord(record)
        fresh.push(bytes)
        addition.buffers.push(bytes)
        if (record.length > 0) addition.buffers.push(part.bytes)
        addition.bytes += RECORD_BYTES + record.length
        return record
      })
      for (const [track, { buffers }] of additions) {
        const own = await dataFile(track)
        own.isDirty = true
        await own.file.write(buffers, own.bytes)
      }
      for (const { closedAt } of records) {
        oldest = Math.min(oldest, closedAt)
        newest = Math.max(newest, closedAt)
      }
      if (closesSegment && newest - oldest > unsyncedMs) await syncData()
      const first = indexed + waiting.length
      const all = [...waiting, ...fresh]
      if (closesSegment) await writeIndex(all)
      else waiting = all
      // Only now: what failed before is done again at the same place.
      for (const [track, { bytes, msn }] of additions) {
        const own = data.get(track) as DataFile
        own.bytes += bytes
        own.msn = msn
      }
      return { records, first }
    },
    async sync() {
      await syncData()
      await writeIndex(waiting)
      if (isIndexDirty) await index?.sync()
      isIndexDirty = false
    },
    async close() {
      isClosed = true
      for (const { file } of data.values()) await file.close()
      await index?.close()
    },
    get tracks() {
      return data.keys()
    },
    get bytes() {
      const records = indexed + waiting.length
      let sum = records === 0 ? 0 : RECORD_BYTES * (1 + records)
      for (const { bytes } of data.values()) sum += bytes
      return sum
    },
  }
}

function toRecord(part: Part, offset: number): PartRecord {
  return {
    track: part.track,
    msn: part.msn,
    epoch: part.epoch,
    number: part.number,
    offset,
    length: part.gap ? 0 : part.bytes.byteLength,
    start: part.start,
    duration: part.duration,
    ...(part.overhang !== undefined && { overhang: part.overhang }),
    closedAt: part.closedAt,
    dataCrc: part.gap ? 0 : crc32(part.bytes),
    key: part.independent,
    last: part.last,
    gap: part.gap,
    ...(part.lost === true && { lost: true }),
  }
}
