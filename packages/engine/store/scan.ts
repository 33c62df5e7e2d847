import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Log } from '../ports.ts'
import type { AssetFiles, Span } from './asset.ts'
import type { StoreIo } from './io.ts'
import { createJournalReader, type JournalReader, type JournalRecord } from './journal.ts'
import type { StoreLimits } from './limits.ts'
import { JOURNAL_NAME, parseSpanName } from './names.ts'
import { readWhole } from './whole-file.ts'

export interface ScanOptions {
  readonly io: StoreIo
  readonly limits: StoreLimits
  readonly log: Log
}

/** Reads an asset's journal, a piece at a time. @throws what the disk says */
export async function readJournal(
  { io, limits }: Pick<ScanOptions, 'io' | 'limits'>,
  folder: string,
): Promise<Pick<JournalReader, 'records' | 'bytes'>> {
  // Removals and the end find room beyond the bound.
  const reader = createJournalReader(await readWhole(io, join(folder, JOURNAL_NAME), 2 * limits.journalBytes))
  // A day of reconnects is tens of thousands of epochs, and others are live meanwhile.
  while (reader.read(limits.journalTurnBytes)) await setImmediate()
  return reader
}

/**
 * Looks at an asset's folder: its journal and, where that does not tell, the sizes of its files. What a removal that was
 * interrupted has left is deleted, where the disk lets it.
 *
 * @throws what the disk says
 */
export async function scanAsset(
  options: ScanOptions,
  root: string,
  assetId: string,
): Promise<{ readonly files: AssetFiles; readonly journal: readonly JournalRecord[] }> {
  const { io } = options
  const folder = join(root, assetId)
  const { records, bytes } = await readJournal(options, folder)
  const shedMsn = records.findLast((record) => record.type === 'shed')?.msn ?? 0
  const end = records.findLast((record) => record.type === 'end')
  const told = new Map(end?.spans?.map((span) => [span.firstMsn, span]))
  const spans = new Map<number, Span>()
  for (const name of await io.readdir(folder)) {
    const parsed = parseSpanName(name)
    if (parsed === undefined) continue
    const { firstMsn, track } = parsed
    if (firstMsn < shedMsn) {
      // Deleting was interrupted after it had been written down. A disk that does not let go of it is asked again.
      await io.unlink(join(folder, name)).catch(() => undefined)
      continue
    }
    let span = spans.get(firstMsn)
    const summary = told.get(firstMsn)
    if (span === undefined) {
      span = { firstMsn, tracks: new Set(summary?.tracks), bytes: summary?.bytes ?? 0, newest: summary?.newest ?? 0 }
      spans.set(firstMsn, span)
    }
    if (summary !== undefined) continue
    if (track !== undefined) span.tracks.add(track)
    const found = await io.stat(join(folder, name))
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
      state: end === undefined ? 'open' : 'ended',
      removed: false,
    },
  }
}

/**
 * What is to be known of an asset that cannot be scanned, so that its bytes count and it is deleted in its turn. Never
 * throws: files that say nothing of themselves count as nothing.
 */
export async function measureUnreadable(
  { io, log }: Pick<ScanOptions, 'io' | 'log'>,
  root: string,
  assetId: string,
  error: unknown,
): Promise<AssetFiles> {
  const folder = join(root, assetId)
  let bytes = 0
  let newest = 0
  for (const name of await io.readdir(folder).catch(() => [])) {
    const found = await io.stat(join(folder, name)).catch(() => undefined)
    bytes += found?.bytes ?? 0
    newest = Math.max(newest, found?.modifiedAt ?? 0)
  }
  log.error(
    { assetId, bytes, error: String(error) },
    'a recording cannot be read; it counts towards the limit and is deleted when it is the oldest',
  )
  const all: Span = { firstMsn: 0, tracks: new Set(), bytes, newest }
  return { assetId, folder, spans: [all], journalBytes: 0, state: 'unreadable', removed: false }
}
