import { idTime } from '@bandstand/contract/ids.ts'

/**
 * Zero of a broadcast's timeline in DASH, Unix milliseconds: about when it began. It must never change (ISO/IEC 23009-1
 * 5.3.1.2), whatever is restarted and however much of the front retention has removed, so it is read from what never does:
 * the asset's id. One without a time in it has 1970.
 */
export function availabilityStart(assetId: string): number {
  const made = idTime('asset', assetId)
  return made === undefined ? 0 : Math.floor(made / 1000) * 1000
}
