import { endOf, type PartRecord, parseRecord, RECORD_BYTES } from './record.ts'

/**
 * The parts' bytes without the records between them, moved together within the array.
 *
 * @param bytes of a data file, from the beginning of a record to the end of a part.
 * @returns `undefined` when that is not what it holds.
 */
export function stripRecords(bytes: Uint8Array): Uint8Array | undefined {
  let size = 0
  for (let at = 0; at < bytes.byteLength; ) {
    const record = parseRecord(bytes, at)
    if (record === undefined) return undefined
    const end = at + RECORD_BYTES + record.length
    if (end > bytes.byteLength) return undefined
    bytes.copyWithin(size, at + RECORD_BYTES, end)
    size += record.length
    at = end
  }
  return bytes.subarray(0, size)
}

/** A stretch of a data file with what is wanted of it. */
export interface Stretch {
  readonly offset: number
  readonly length: number
  /** Moves what is wanted to the front of what was read, and gives that. */
  take(bytes: Uint8Array): Uint8Array
}

/** Where bytes `from` to `to` (exclusive) of consecutive parts are, counted without the records between them. */
export function stretchOf(parts: readonly PartRecord[], from: number, to: number): Stretch {
  const pieces: { readonly offset: number; readonly end: number }[] = []
  let before = 0
  for (const part of parts) {
    const offset = part.offset + Math.max(0, from - before)
    const end = Math.min(endOf(part), part.offset + to - before)
    if (offset < end) pieces.push({ offset, end })
    before += part.length
  }
  const start = pieces[0]?.offset ?? 0
  return {
    offset: start,
    length: (pieces.at(-1)?.end ?? 0) - start,
    take(bytes) {
      let size = 0
      for (const { offset, end } of pieces) {
        bytes.copyWithin(size, offset - start, end - start)
        size += end - offset
      }
      return bytes.subarray(0, size)
    },
  }
}
