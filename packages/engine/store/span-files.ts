import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Part } from '../packager/model.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { spanName } from './names.ts'
import { type PartRecord, RECORD_BYTES, writeRecord, writeSpanHeader } from './record.ts'

/**
 * The pair of files that a track is being written to. Everything is written at a known place, so that a write that
 * failed half-way is simply done again.
 */
export interface SpanFiles {
  readonly firstMsn: number
  /** Appends parts: their bytes, then their records. Gives the records, in order, and the place of the first. */
  append(parts: readonly Part[]): Promise<{ readonly records: readonly PartRecord[]; readonly record: number }>
  /** Flushes to the device if anything was written since, data before index. */
  sync(): Promise<void>
  close(): Promise<void>
  readonly bytes: number
}

export async function openSpanFiles(
  io: StoreIo,
  folder: string,
  span: { readonly track: TrackId; readonly firstMsn: number; readonly timescale: number },
): Promise<SpanFiles> {
  const data = await io.open(join(folder, spanName(span.track, span.firstMsn, 'dat')), 'write')
  let index: StoreFile
  try {
    index = await io.open(join(folder, spanName(span.track, span.firstMsn, 'idx')), 'write')
    await index.write([writeSpanHeader(span)], 0)
  } catch (error) {
    await data.close()
    throw error
  }
  let dataBytes = 0
  let count = 0
  let isDirty = true
  return {
    firstMsn: span.firstMsn,
    async append(parts) {
      const records: PartRecord[] = []
      let offset = dataBytes
      for (const part of parts) {
        const length = part.gap ? 0 : part.bytes.byteLength
        records.push({
          msn: part.msn,
          epoch: part.epoch,
          number: part.number,
          offset,
          length,
          start: part.start,
          duration: part.duration,
          closedAt: part.closedAt,
          dataCrc: part.gap ? 0 : crc32(part.bytes),
          key: part.independent,
          last: part.last,
          gap: part.gap,
        })
        offset += length
      }
      isDirty = true
      const media = parts.filter((part) => !part.gap).map((part) => part.bytes)
      if (media.length > 0) await data.write(media, dataBytes)
      await index.write(records.map(writeRecord), RECORD_BYTES * (1 + count))
      const record = count
      dataBytes = offset
      count += records.length
      return { records, record }
    },
    async sync() {
      if (!isDirty) return
      await data.sync()
      await index.sync()
      isDirty = false
    },
    async close() {
      await data.close()
      await index.close()
    },
    get bytes() {
      return dataBytes + RECORD_BYTES * (1 + count)
    },
  }
}
