import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Log } from '../ports.ts'
import { type AssetFiles, type AssetMemory, createMemory, type Span, touch } from './asset.ts'
import type { StoreFile, StoreIo } from './io.ts'
import { type JournalRecord, parseJournal } from './journal.ts'
import type { StoreLimits } from './limits.ts'
import { JOURNAL_NAME, parseSpanName, RESERVED_NAME, spanName } from './names.ts'
import { type PartRecord, parseRecords, parseSpanHeader, RECORD_BYTES } from './record.ts'
import { parseReserved, RESERVED_BYTES } from './reserved.ts'

export interface LoadOptions {
  readonly io: StoreIo
  readonly limits: StoreLimits
  readonly log: Log
}

/** Looks at an asset's folder: its journal and the sizes of its files. */
export async function scanAsset(
  options: LoadOptions,
  root: string,
  assetId: string,
): Promise<{ readonly files: AssetFiles; readonly journal: readonly JournalRecord[] }> {
  const { io, limits } = options
  const folder = join(root, assetId)
  const { records, bytes } = parseJournal(await readWhole(io, join(folder, JOURNAL_NAME), limits.journalBytes))
  const shedMsn = records.findLast((record) => record.type === 'shed')?.msn ?? 0
  const spans = new Map<number, Span>()
  for (const name of await io.readdir(folder)) {
    const parsed = parseSpanName(name)
    if (parsed === undefined) continue
    if (parsed.firstMsn < shedMsn) {
      // Deleting was interrupted after it had been written down.
      await io.unlink(join(folder, name))
      continue
    }
    const found = await io.stat(join(folder, name))
    let span = spans.get(parsed.firstMsn)
    if (span === undefined) {
      span = { firstMsn: parsed.firstMsn, tracks: new Set(), bytes: 0, newest: 0 }
      spans.set(parsed.firstMsn, span)
    }
    span.tracks.add(parsed.track)
    span.bytes += found?.bytes ?? 0
    span.newest = Math.max(span.newest, found?.modifiedAt ?? 0)
  }
  return {
    journal: records,
    files: {
      assetId,
      folder,
      spans: [...spans.values()].sort((a, b) => a.firstMsn - b.firstMsn),
      journalBytes: bytes,
      ended: records.some((record) => record.type === 'end'),
      removed: false,
    },
  }
}

/** Reads the journal of an asset whose files are known. */
export async function readJournal(options: LoadOptions, files: AssetFiles): Promise<readonly JournalRecord[]> {
  return parseJournal(await readWhole(options.io, join(files.folder, JOURNAL_NAME), options.limits.journalBytes))
    .records
}

/**
 * Builds the index of an asset from its files, one file at a time so that the event loop is never held up.
 *
 * @param cut the asset was being written when the process died: newest parts are checked against their checksums and
 *   torn tails are cut off the files.
 * @returns `undefined` when the journal does not even say what the asset is.
 */
export async function loadAsset(
  options: LoadOptions,
  files: AssetFiles,
  journal: readonly JournalRecord[],
  cut: boolean,
): Promise<AssetMemory | undefined> {
  const memory = createMemory(journal, options.limits.laggingSegments)
  if (memory === undefined) {
    if (cut) options.log.warn({ assetId: files.assetId }, 'asset without a readable journal')
    return undefined
  }
  const reserved = parseReserved(await readWhole(options.io, join(files.folder, RESERVED_NAME), RESERVED_BYTES))
  if (reserved !== undefined) memory.reserved = reserved
  for (const span of [...files.spans]) {
    // Tracks begin a new span one after the other, so two of them may have been written to.
    const last = span === files.spans.at(-1) || span === files.spans.at(-2)
    const tracks = new Map<TrackId, readonly PartRecord[]>()
    for (const track of span.tracks) {
      tracks.set(track, await loadTrack(options, files, span, track, cut && last))
    }
    feed(memory, tracks)
    if (cut && last) for (const [track, records] of tracks) rememberRecent(memory, track, records, options.limits)
  }
  memory.assembler.finish()
  if (cut) await cutJournal(options, files)
  touch(memory)
  return memory
}

function rememberRecent(
  memory: AssetMemory,
  track: TrackId,
  records: readonly PartRecord[],
  limits: StoreLimits,
): void {
  const newest = records.slice(-limits.recentParts).map(({ msn, number, duration, length, key, gap }) => {
    return { msn, number, duration, size: length, independent: key, gap }
  })
  memory.recent.set(track, [...(memory.recent.get(track) ?? []), ...newest].slice(-limits.recentParts))
}

async function loadTrack(
  options: LoadOptions,
  files: AssetFiles,
  span: Span,
  track: TrackId,
  cut: boolean,
): Promise<readonly PartRecord[]> {
  const { io, limits, log } = options
  const dataPath = join(files.folder, spanName(track, span.firstMsn, 'dat'))
  const indexPath = join(files.folder, spanName(track, span.firstMsn, 'idx'))
  const dataBytes = (await io.stat(dataPath))?.bytes ?? 0
  const bytes = await readWhole(io, indexPath, limits.indexFileBytes)
  const header = parseSpanHeader(bytes)
  if (header === undefined || header.track !== track || header.firstMsn !== span.firstMsn) return []
  let records = parseRecords(bytes, dataBytes)
  if (!cut) return records
  const parsed = records.length
  records = await verifyTail(options, dataPath, records)
  const newest = records.at(-1)
  const dataEnd = newest === undefined ? 0 : newest.offset + newest.length
  const indexEnd = RECORD_BYTES * (1 + records.length)
  if (dataEnd < dataBytes || indexEnd < bytes.byteLength) {
    log.info(
      { assetId: files.assetId, track, data: dataBytes - dataEnd, index: bytes.byteLength - indexEnd },
      parsed === records.length ? 'torn tail cut off' : 'parts that did not reach the disk cut off',
    )
    await truncate(io, dataPath, dataEnd)
    await truncate(io, indexPath, indexEnd)
    span.bytes -= dataBytes - dataEnd + (bytes.byteLength - indexEnd)
  }
  return records
}

/** After a power loss an index record may be there and its bytes not: the newest are compared with their checksums. */
async function verifyTail(
  options: LoadOptions,
  path: string,
  records: readonly PartRecord[],
): Promise<readonly PartRecord[]> {
  const newest = records.at(-1)
  if (newest === undefined) return records
  const from = records.findIndex((record) => record.closedAt >= newest.closedAt - options.limits.verifyMs)
  const file = await options.io.open(path, 'read')
  try {
    for (let i = from; i < records.length; i++) {
      const record = records[i] as PartRecord
      const bytes = new Uint8Array(record.length)
      const read = await file.read(bytes, record.offset)
      if (read < record.length || crc32(bytes) !== record.dataCrc) return records.slice(0, i)
    }
  } finally {
    await file.close()
  }
  return records
}

/** Feeds the assembler in the order of sequence numbers, as when the parts were written. */
function feed(memory: AssetMemory, tracks: ReadonlyMap<TrackId, readonly PartRecord[]>): void {
  const cursors = [...tracks].map(([track, records]) => ({ track, records, at: 0 }))
  for (;;) {
    let lead: (typeof cursors)[number] | undefined
    for (const cursor of cursors) {
      const msn = cursor.records[cursor.at]?.msn
      if (msn !== undefined && (lead === undefined || msn < (lead.records[lead.at]?.msn ?? 0))) lead = cursor
    }
    const msn = lead?.records[lead.at]?.msn
    if (lead === undefined || msn === undefined) return
    for (let part = lead.records[lead.at]; part?.msn === msn; part = lead.records[lead.at]) {
      memory.assembler.add(lead.track, part, lead.at)
      lead.at++
    }
  }
}

async function cutJournal(options: LoadOptions, files: AssetFiles): Promise<void> {
  const path = join(files.folder, JOURNAL_NAME)
  const size = (await options.io.stat(path))?.bytes ?? 0
  if (size > files.journalBytes) await truncate(options.io, path, files.journalBytes)
}

async function truncate(io: StoreIo, path: string, bytes: number): Promise<void> {
  const file = await io.open(path, 'write')
  try {
    await file.truncate(bytes)
  } finally {
    await file.close()
  }
}

/** A whole file up to a limit; empty when there is none. */
async function readWhole(io: StoreIo, path: string, limit: number): Promise<Uint8Array> {
  const found = await io.stat(path)
  if (found === undefined) return new Uint8Array(0)
  const bytes = new Uint8Array(Math.min(found.bytes, limit))
  const file: StoreFile = await io.open(path, 'read')
  try {
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}
