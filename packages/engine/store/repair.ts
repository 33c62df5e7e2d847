import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { AssetFiles, Span } from './asset.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { dataName, indexName } from './names.ts'
import { endOf, follows, type PartRecord, parseRecord, RECORD_BYTES, writeRecord, writeSpanHeader } from './record.ts'
import type { ScanOptions } from './scan.ts'
import { cutFile } from './whole-file.ts'

/** A span as it was found. */
interface Found {
  /** Those in the index that are whole and point into the data. */
  readonly records: readonly PartRecord[]
  /** Bytes of the tracks' data files. */
  readonly sizes: ReadonlyMap<TrackId, number>
  readonly indexBytes: number
}

/**
 * Mends the files of a span that was being written when the process died: parts that are whole in the data files are put
 * into the index, torn tails are cut off. After a power loss a record may be there and its bytes not: the newest parts are
 * compared with their checksums. A disk that takes no writes keeps nobody from going on: what is there counts, and is
 * mended by whoever writes next (`mendLeft`).
 *
 * @returns the records that the index has then.
 */
export async function mendSpan(
  options: ScanOptions,
  files: AssetFiles,
  span: Span,
  { records, sizes, indexBytes }: Found,
): Promise<readonly PartRecord[]> {
  const { io, limits, log } = options
  const tails: (readonly PartRecord[])[] = []
  let kept = records
  const since = (records.at(-1)?.closedAt ?? 0) - limits.verifyMs
  for (const [track, size] of sizes) {
    const file = await io.open(join(files.folder, dataName(track, span.firstMsn)), 'read')
    try {
      const own = kept.filter((record) => record.track === track)
      const damaged = await firstDamaged(file, own, since)
      if (damaged === undefined) tails.push(await readTail(file, size, track, own.at(-1)))
      // What stands behind it in the index goes too, on all tracks: later parts are worth nothing without earlier ones.
      else kept = kept.slice(0, kept.indexOf(damaged))
    } finally {
      await file.close()
    }
  }
  const all = kept.length < records.length ? kept : [...kept, ...merge(tails)]
  const ends = new Map<TrackId, number>([...sizes.keys()].map((track) => [track, 0]))
  for (const record of all) ends.set(record.track, endOf(record))
  const mend = async (to: StoreIo) => {
    let cut = 0
    for (const [track, end] of ends) {
      const surplus = (sizes.get(track) ?? 0) - end
      if (surplus <= 0) continue
      const why = kept.length < records.length ? 'parts that did not reach the disk cut off' : 'torn tail cut off'
      log.info({ assetId: files.assetId, track, bytes: surplus }, why)
      await cutFile(to, join(files.folder, dataName(track, span.firstMsn)), end)
      cut += surplus
    }
    // Last: as long as it is as it was, another start comes to the same result.
    const size = await mendIndex(to, files.folder, span.firstMsn, all, kept.length, indexBytes)
    span.bytes += size - indexBytes - cut
  }
  try {
    await mend(io)
  } catch (error) {
    log.warn({ assetId: files.assetId, error: String(error) }, 'files of a recording could not be mended yet')
    span.mend = mend
  }
  return all
}

/** Mends what a start could not, because the disk was full or took no writes. @throws what the disk says */
export async function mendLeft(io: StoreIo, { spans }: AssetFiles): Promise<void> {
  for (const span of spans) {
    await span.mend?.(io)
    delete span.mend
  }
}

/**
 * Parts of several tracks as they would have been written: whoever is behind comes first. Those of one track keep their
 * order, whatever the clock did between them.
 */
function merge(tails: readonly (readonly PartRecord[])[]): readonly PartRecord[] {
  const merged: PartRecord[] = []
  const taken = tails.map(() => 0)
  for (;;) {
    let first: { readonly tail: number; readonly record: PartRecord } | undefined
    for (const [tail, records] of tails.entries()) {
      const record = records[taken[tail] ?? 0]
      if (record !== undefined && (first === undefined || isBefore(record, first.record))) first = { tail, record }
    }
    if (first === undefined) return merged
    merged.push(first.record)
    taken[first.tail] = (taken[first.tail] ?? 0) + 1
  }
}

function isBefore(a: PartRecord, b: PartRecord): boolean {
  return a.msn < b.msn || (a.msn === b.msn && a.closedAt < b.closedAt)
}

/** The first record since then whose bytes are not what was written. */
async function firstDamaged(
  file: StoreFile,
  records: readonly PartRecord[],
  since: number,
): Promise<PartRecord | undefined> {
  for (const record of records) if (record.closedAt >= since && !(await isWhole(file, record))) return record
  return undefined
}

/** Parts that a data file has and the index has not. */
async function readTail(
  file: StoreFile,
  size: number,
  track: TrackId,
  last: PartRecord | undefined,
): Promise<readonly PartRecord[]> {
  const found: PartRecord[] = []
  const head = new Uint8Array(RECORD_BYTES)
  for (let before = last; ; ) {
    if ((await file.read(head, endOf(before))) < RECORD_BYTES) return found
    const record = parseRecord(head, 0)
    if (record === undefined || record.track !== track || !follows(before, record)) return found
    if (endOf(record) > size || !(await isWhole(file, record))) return found
    found.push(record)
    before = record
  }
}

async function isWhole(file: StoreFile, record: PartRecord): Promise<boolean> {
  if (record.length === 0) return true
  const bytes = new Uint8Array(record.length)
  return (await file.read(bytes, record.offset)) === record.length && crc32(bytes) === record.dataCrc
}

/** Gives the size that the index has then. @param right how many of the records it has already. */
async function mendIndex(
  io: StoreIo,
  folder: string,
  firstMsn: number,
  records: readonly PartRecord[],
  right: number,
  before: number,
): Promise<number> {
  const bytes = RECORD_BYTES * (1 + records.length)
  if (records.length === right && before === bytes) return bytes
  const path = join(folder, indexName(firstMsn))
  if (before > RECORD_BYTES * (1 + right)) await cutFile(io, path, RECORD_BYTES * (1 + right))
  const file = await io.open(path, 'write')
  try {
    await file.write([writeSpanHeader(firstMsn)], 0)
    if (records.length > right) {
      await file.write([Buffer.concat(records.slice(right).map(writeRecord))], RECORD_BYTES * (1 + right))
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return bytes
}
