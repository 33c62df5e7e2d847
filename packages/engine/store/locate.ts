import type { TrackId } from '@bandstand/media/access-unit.ts'
import { type AssetMemory, type Span, spanOf } from './asset.ts'
import { endOf, type PartRecord, parseRecord, RECORD_BYTES } from './record.ts'

/** Consecutive parts in a track's data file, each behind its record. */
export interface Place {
  readonly span: Span
  /** Where the record of the first one begins, and bytes to the end of the last one. */
  readonly offset: number
  readonly length: number
  /** Each of the parts; for a whole segment only when they were asked for. */
  readonly parts?: readonly PartRecord[]
}

/** Reads `records` index records of a span from the one numbered `from`. */
export type ReadRecords = (span: Span, from: number, records: number) => Promise<Uint8Array | undefined>

/**
 * Finds consecutive parts of one segment. Whole segments are known in memory; for parts of a closed segment its index
 * records are read, so that memory need not hold every part of a day.
 */
export async function locateParts(
  memory: AssetMemory,
  spans: readonly Span[],
  track: TrackId,
  firstPart: number,
  lastPart: number,
  readRecords: ReadRecords,
  withParts = false,
): Promise<Place | undefined> {
  const index = memory.rows.findPart(track, firstPart)
  const segment = memory.rows.segment(track, index)
  if (segment === undefined) {
    const open = memory.assembler.open(track).find(({ parts }) => parts.some((part) => part.number === firstPart))
    const span = spanOf(spans, open?.parts[0]?.msn ?? -1)
    return open === undefined || span === undefined ? undefined : between(span, open.parts, firstPart, lastPart)
  }
  if (segment.gap || lastPart > segment.lastPart) return undefined
  const span = spanOf(spans, segment.msn)
  if (span === undefined) return undefined
  if (!withParts && segment.firstPart === firstPart && segment.lastPart === lastPart) {
    const length = segment.size + RECORD_BYTES * segment.parts
    return { span, offset: segment.offset - RECORD_BYTES, length }
  }
  const bytes = await readRecords(span, segment.record, segment.records)
  if (bytes === undefined) return undefined
  const parts: PartRecord[] = []
  for (let at = 0; at < bytes.byteLength; at += RECORD_BYTES) {
    const record = parseRecord(bytes, at)
    if (record === undefined) return undefined
    if (record.track === track) parts.push(record)
  }
  return between(span, parts, firstPart, lastPart)
}

function between(span: Span, parts: readonly PartRecord[], firstPart: number, lastPart: number): Place | undefined {
  const first = parts.find((part) => part.number === firstPart)
  const last = parts.find((part) => part.number === lastPart)
  if (first === undefined || last === undefined || last.offset < first.offset) return undefined
  const inside = parts.filter((part) => part.number >= firstPart && part.number <= lastPart)
  if (inside.every((part) => part.gap) || inside.some((part) => part.lost)) return undefined
  const offset = first.offset - RECORD_BYTES
  return { span, offset, length: endOf(last) - offset, parts: inside }
}
