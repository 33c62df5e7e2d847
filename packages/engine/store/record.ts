import { crc32 } from 'node:zlib'

/**
 * Index file of a span: a header and one record per part, all 64 bytes, big endian.
 *
 *     header                                        record
 *      0  "BSIX"                                     0  CRC-32 of bytes 4..63
 *      4  format version (2)  | track (2)            4  flags (1): 1 key, 2 last, 4 gap | zero (3)
 *      8  first media sequence number (4)            8  media sequence number (4)
 *     12  timescale (4)                             12  epoch (4)
 *     16  zero (44)                                 16  part number (8)
 *     60  CRC-32 of bytes 0..59                     24  offset in the data file (8)
 *                                                   32  length (4)            | 36  duration, ticks (4)
 *                                                   40  start, ticks (8)
 *                                                   48  closed at, Unix ms (8)
 *                                                   56  CRC-32 of the part    | 60  zero (4)
 *
 * A part is there when its record is whole, follows on the record before it, and its bytes are in the data file.
 */
export const RECORD_BYTES = 64
export const INDEX_VERSION = 1

export interface PartRecord {
  readonly msn: number
  readonly epoch: number
  readonly number: number
  readonly offset: number
  readonly length: number
  readonly start: number
  readonly duration: number
  readonly closedAt: number
  readonly dataCrc: number
  readonly key: boolean
  readonly last: boolean
  readonly gap: boolean
}

export interface SpanHeader {
  readonly track: number
  readonly firstMsn: number
  readonly timescale: number
}

const MAGIC = 0x42534958

export function writeSpanHeader(header: SpanHeader): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint16(4, INDEX_VERSION)
  view.setUint16(6, header.track)
  view.setUint32(8, header.firstMsn)
  view.setUint32(12, header.timescale)
  view.setUint32(60, crc32(bytes.subarray(0, 60)))
  return bytes
}

/** `undefined` when the header is torn, of another version, or not one at all. */
export function parseSpanHeader(bytes: Uint8Array): SpanHeader | undefined {
  if (bytes.byteLength < RECORD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES)
  if (view.getUint32(0) !== MAGIC || view.getUint16(4) !== INDEX_VERSION) return undefined
  if (view.getUint32(60) !== crc32(bytes.subarray(0, 60))) return undefined
  const timescale = view.getUint32(12)
  if (timescale === 0) return undefined
  return { track: view.getUint16(6), firstMsn: view.getUint32(8), timescale }
}

export function writeRecord(record: PartRecord): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(4, (record.key ? 1 : 0) | (record.last ? 2 : 0) | (record.gap ? 4 : 0))
  view.setUint32(8, record.msn)
  view.setUint32(12, record.epoch)
  setU64(view, 16, record.number)
  setU64(view, 24, record.offset)
  view.setUint32(32, record.length)
  view.setUint32(36, record.duration)
  setU64(view, 40, record.start)
  setU64(view, 48, Math.round(record.closedAt))
  view.setUint32(56, record.dataCrc)
  view.setUint32(0, crc32(bytes.subarray(4)))
  return bytes
}

/** The record at `at`, or `undefined` when it is torn or damaged. */
export function parseRecord(bytes: Uint8Array, at: number): PartRecord | undefined {
  if (at + RECORD_BYTES > bytes.byteLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_BYTES)
  if (view.getUint32(0) !== crc32(bytes.subarray(at + 4, at + RECORD_BYTES))) return undefined
  const flags = view.getUint8(4)
  return {
    msn: view.getUint32(8),
    epoch: view.getUint32(12),
    number: getU64(view, 16),
    offset: getU64(view, 24),
    length: view.getUint32(32),
    duration: view.getUint32(36),
    start: getU64(view, 40),
    closedAt: getU64(view, 48),
    dataCrc: view.getUint32(56),
    key: (flags & 1) !== 0,
    last: (flags & 2) !== 0,
    gap: (flags & 4) !== 0,
  }
}

/**
 * Records of an index file up to the first that is torn, does not follow on the one before, or points past the end of
 * its data file. Never throws.
 *
 * @param dataBytes size of the data file.
 */
export function parseRecords(bytes: Uint8Array, dataBytes: number): readonly PartRecord[] {
  const records: PartRecord[] = []
  let end = 0
  let before: PartRecord | undefined
  for (let at = RECORD_BYTES; ; at += RECORD_BYTES) {
    const record = parseRecord(bytes, at)
    if (record === undefined || record.offset !== end || record.offset + record.length > dataBytes) break
    if (!Number.isSafeInteger(record.number) || !Number.isSafeInteger(record.start)) break
    if (before !== undefined && (record.number <= before.number || record.msn < before.msn)) break
    if (record.msn === before?.msn && record.epoch !== before.epoch) break
    records.push(record)
    before = record
    end += record.length
  }
  return records
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 4, value >>> 0)
}

function getU64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)
}
