import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'

/**
 * Files of a span, big endian. A data file is a record and the part's bytes, a record and the part's bytes, … of one track:
 * they go to the disk with one write as the part closes, and what a killed process leaves can be read without anything else.
 * The index file has a header and the same records of all tracks, in the order in which they were written; it follows when
 * a segment closes, and at every flush.
 *
 *     header of the index                           record
 *      0  "BSIX"                                     0  CRC-32 of bytes 4..63
 *      4  format version (2)  | zero (2)             4  flags (1): 1 key, 2 last, 4 gap, 8 lost | format version (1) | track (2)
 *      8  first media sequence number (4)            8  media sequence number (4)
 *     12  zero (48)                                 12  epoch (4)
 *     60  CRC-32 of bytes 0..59                     16  part number (8)
 *                                                   24  offset of the part in the data file (8)
 *                                                   32  length (4)            | 36  duration, ticks (4)
 *                                                   40  start, ticks (8)
 *                                                   48  closed at, Unix ms (8)
 *                                                   56  CRC-32 of the part    | 60  overhang, ticks (4)
 *
 * A part is there when its record is whole, follows on the record of its track before it, and its bytes are in the data
 * file.
 */
export const RECORD_BYTES = 64
export const RECORD_VERSION = 2

export interface PartRecord {
  readonly track: TrackId
  readonly msn: number
  readonly epoch: number
  readonly number: number
  readonly offset: number
  readonly length: number
  readonly start: number
  readonly duration: number
  /** As `Part.overhang`. */
  readonly overhang?: number
  readonly closedAt: number
  readonly dataCrc: number
  readonly key: boolean
  readonly last: boolean
  readonly gap: boolean
  /** As `Part.lost`. */
  readonly lost?: boolean
}

const MAGIC = 0x42534958

/** @param firstMsn first media sequence number of the span. */
export function writeSpanHeader(firstMsn: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint16(4, RECORD_VERSION)
  view.setUint32(8, firstMsn)
  view.setUint32(60, crc32(bytes.subarray(0, 60)))
  return bytes
}

/** First media sequence number; `undefined` when the header is torn, of another version, or not one at all. */
export function parseSpanHeader(bytes: Uint8Array): number | undefined {
  if (bytes.byteLength < RECORD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES)
  if (view.getUint32(0) !== MAGIC || view.getUint16(4) !== RECORD_VERSION) return undefined
  if (view.getUint32(60) !== crc32(bytes.subarray(0, 60))) return undefined
  return view.getUint32(8)
}

export function writeRecord(record: PartRecord): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(4, (record.key ? 1 : 0) | (record.last ? 2 : 0) | (record.gap ? 4 : 0) | (record.lost ? 8 : 0))
  view.setUint8(5, RECORD_VERSION)
  view.setUint16(6, record.track)
  view.setUint32(8, record.msn)
  view.setUint32(12, record.epoch)
  setU64(view, 16, record.number)
  setU64(view, 24, record.offset)
  view.setUint32(32, record.length)
  view.setUint32(36, record.duration)
  setU64(view, 40, record.start)
  setU64(view, 48, Math.round(record.closedAt))
  view.setUint32(56, record.dataCrc)
  view.setUint32(60, record.overhang ?? 0)
  view.setUint32(0, crc32(bytes.subarray(4)))
  return bytes
}

/** The record at `at`, or `undefined` when it is torn, damaged, or of another version. */
export function parseRecord(bytes: Uint8Array, at: number): PartRecord | undefined {
  if (at + RECORD_BYTES > bytes.byteLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_BYTES)
  if (view.getUint32(0) !== crc32(bytes.subarray(at + 4, at + RECORD_BYTES))) return undefined
  if (view.getUint8(5) !== RECORD_VERSION) return undefined
  const flags = view.getUint8(4)
  const overhang = view.getUint32(60)
  return {
    track: view.getUint16(6),
    msn: view.getUint32(8),
    epoch: view.getUint32(12),
    number: getU64(view, 16),
    offset: getU64(view, 24),
    length: view.getUint32(32),
    duration: view.getUint32(36),
    ...(overhang > 0 && { overhang }),
    start: getU64(view, 40),
    closedAt: getU64(view, 48),
    dataCrc: view.getUint32(56),
    key: (flags & 1) !== 0,
    last: (flags & 2) !== 0,
    gap: (flags & 4) !== 0,
    ...((flags & 8) !== 0 && { lost: true }),
  }
}

/**
 * Records of an index file up to the first that is torn, does not follow on the one of its track before, or points past the
 * end of its data file. Never throws.
 *
 * @param dataBytes sizes of the tracks' data files.
 */
export function parseRecords(bytes: Uint8Array, dataBytes: ReadonlyMap<TrackId, number>): readonly PartRecord[] {
  const records: PartRecord[] = []
  const newest = new Map<TrackId, PartRecord>()
  for (let at = RECORD_BYTES; ; at += RECORD_BYTES) {
    const record = parseRecord(bytes, at)
    if (record === undefined) return records
    if (!follows(newest.get(record.track), record)) return records
    if (endOf(record) > (dataBytes.get(record.track) ?? 0)) return records
    records.push(record)
    newest.set(record.track, record)
  }
}

/** Where the part ends in its data file, and the record of the next one begins. */
export function endOf(record: PartRecord | undefined): number {
  return record === undefined ? 0 : record.offset + record.length
}

/** Whether a record can be the one after `before` in a data file, or the first one. */
export function follows(before: PartRecord | undefined, record: PartRecord): boolean {
  if (record.offset !== endOf(before) + RECORD_BYTES) return false
  if (!Number.isSafeInteger(record.number) || !Number.isSafeInteger(record.start)) return false
  if (before === undefined) return true
  if (record.number <= before.number || record.msn < before.msn) return false
  return record.msn > before.msn || record.epoch === before.epoch
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 4, value >>> 0)
}

function getU64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)
}
