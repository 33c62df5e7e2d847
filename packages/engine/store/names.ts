import { EngineError } from '../error.ts'
import { nameNumber } from '../packager/model.ts'

/**
 * Files of a store:
 *
 *     .running/{assetId}           empty: the broadcast has not ended
 *     {assetId}/journal.log        timing, epochs with init segments, removals, end
 *     {assetId}/reserved.bin       numbers that viewers may have seen
 *     {assetId}/t001-0000000150.dat  parts of track 1 from media sequence number 150 on, each behind its record
 *     {assetId}/i-0000000150.idx   where they are, for all tracks
 *
 * The files of one number are called a span.
 */
/** No asset's name begins with a point. */
export const RUNNING_FOLDER = '.running'
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

/** Data file of a track. */
export function dataName(track: number, firstMsn: number): string {
  return `t${String(track).padStart(3, '0')}-${nameNumber(firstMsn)}.dat`
}

export function indexName(firstMsn: number): string {
  return `i-${nameNumber(firstMsn)}.idx`
}

/** `track` of a data file. `undefined` for files that are not a span's. */
export function parseSpanName(name: string): { readonly firstMsn: number; readonly track?: number } | undefined {
  const index = /^i-(\d{10})\.idx$/.exec(name)
  if (index !== null) return { firstMsn: Number(index[1]) }
  const data = /^t(\d{3})-(\d{10})\.dat$/.exec(name)
  return data === null ? undefined : { track: Number(data[1]), firstMsn: Number(data[2]) }
}
