import { EngineError } from '../error.ts'

/**
 * Files of an asset, all inside `root/{assetId}/`:
 *
 *     journal.log                  timing, epochs with init segments, removals, end
 *     reserved.bin                 numbers that viewers may have seen
 *     t001-0000000150.dat          parts of track 1 from media sequence number 150 on, one after the other
 *     t001-0000000150.idx          where they are
 *
 * The pair of files is called a span.
 */
export const JOURNAL_NAME = 'journal.log'
export const RESERVED_NAME = 'reserved.bin'

/** @throws EngineError `bad-request` for anything that is not a plain text id (and so cannot leave the root). */
export function checkAssetId(assetId: string): string {
  if (!isAssetId(assetId)) throw new EngineError('bad-request', 'not an asset id')
  return assetId
}

export function isAssetId(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(text)
}

export function spanName(track: number, firstMsn: number, extension: 'dat' | 'idx'): string {
  return `t${String(track).padStart(3, '0')}-${String(firstMsn).padStart(10, '0')}.${extension}`
}

export function parseSpanName(
  name: string,
): { readonly track: number; readonly firstMsn: number; readonly extension: 'dat' | 'idx' } | undefined {
  const match = /^t(\d{3})-(\d{10})\.(dat|idx)$/.exec(name)
  if (match === null) return undefined
  return { track: Number(match[1]), firstMsn: Number(match[2]), extension: match[3] === 'dat' ? 'dat' : 'idx' }
}
