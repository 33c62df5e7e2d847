import { join } from 'node:path'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import { type AssetFiles, type AssetMemory, createMemory, type Span, touch } from './asset.ts'
import type { JournalRecord } from './journal.ts'
import { dataName, indexName, JOURNAL_NAME, RESERVED_NAME } from './names.ts'
import { type PartRecord, parseRecords, parseSpanHeader } from './record.ts'
import { mendSpan } from './repair.ts'
import { parseReserved, RESERVED_BYTES } from './reserved.ts'
import type { ScanOptions } from './scan.ts'
import { cutFile, readWhole } from './whole-file.ts'

/**
 * Builds the index of an asset from its files, one file at a time so that the event loop is never held up.
 *
 * @param cut the asset was being written when the process died: its newest files are mended.
 * @returns `undefined` when the journal does not even say what the asset is.
 */
export async function loadAsset(
  options: ScanOptions,
  files: AssetFiles,
  journal: readonly JournalRecord[],
  cut: boolean,
): Promise<AssetMemory | undefined> {
  const { io, limits, log } = options
  const memory = createMemory(journal, limits.laggingSegments)
  if (memory === undefined) {
    if (cut) log.warn({ assetId: files.assetId }, 'asset without a readable journal')
    return undefined
  }
  const reserved = parseReserved(await readWhole(io, join(files.folder, RESERVED_NAME), RESERVED_BYTES))
  if (reserved !== undefined) memory.reserved = reserved
  for (const span of [...files.spans]) {
    const isNewest = cut && mayBeTorn(options, files, span)
    const records = await loadSpan(options, files, span, isNewest)
    for (const [i, record] of records.entries()) memory.assembler.add(record, i)
    if (isNewest) rememberRecent(memory, records, limits.recentParts)
  }
  memory.assembler.finish()
  // What is written next is written over what stands there, cut or not.
  if (cut) await cutJournal(options, files).catch(() => undefined)
  touch(memory)
  return memory
}

/** Tracks begin a new span one after the other, so that more than one may have been written to. */
function mayBeTorn({ limits }: ScanOptions, { spans }: AssetFiles, span: Span): boolean {
  return span === spans.at(-2) || span.firstMsn >= (spans.at(-1)?.firstMsn ?? 0) - limits.laggingSegments
}

function rememberRecent(memory: AssetMemory, records: readonly PartRecord[], most: number): void {
  for (const record of records.slice(-most * memory.tracks.size)) {
    const { track, msn, number, duration, overhang = 0, length, key, last, gap } = record
    const newest = memory.recent.get(track) ?? []
    const part = { msn, number, duration, ...(overhang > 0 && { overhang }), size: length, independent: key, last, gap }
    memory.recent.set(track, [...newest, part].slice(-most))
  }
}

/** Records of a span that count, in the order in which they were written. */
async function loadSpan(
  options: ScanOptions,
  files: AssetFiles,
  span: Span,
  cut: boolean,
): Promise<readonly PartRecord[]> {
  const { io, limits } = options
  const bytes = await readWhole(io, join(files.folder, indexName(span.firstMsn)), limits.indexFileBytes)
  const isIndex = parseSpanHeader(bytes) === span.firstMsn
  const sizes = new Map<TrackId, number>()
  for (const track of span.tracks) {
    sizes.set(track, (await io.stat(join(files.folder, dataName(track, span.firstMsn))))?.bytes ?? 0)
  }
  const records = isIndex ? parseRecords(bytes, sizes) : []
  return cut ? mendSpan(options, files, span, { records, sizes, indexBytes: bytes.byteLength }) : records
}

async function cutJournal({ io }: ScanOptions, files: AssetFiles): Promise<void> {
  const path = join(files.folder, JOURNAL_NAME)
  const size = (await io.stat(path))?.bytes ?? 0
  if (size > files.journalBytes) await cutFile(io, path, files.journalBytes)
}
