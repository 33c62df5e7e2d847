import { names } from '../packager/model.ts'
import type { ReadyBody } from './respond.ts'

/** `free` and `mdat` without content (ISO/IEC 14496-12 §8.1): a valid file that says nothing. */
const emptyBoxes = Buffer.from('\0\0\0\x08free\0\0\0\x08mdat', 'latin1')

/**
 * What there is at the address of an EXT-X-GAP entry. Who knows the tag never asks (RFC 8216bis §4.4.4.7); VLC 3 and
 * ffmpeg 5 do not know it. A VLC that opens a new broadcast waits for ever after a 404 there, and after anything
 * without an `mdat`.
 */
export const gapBody: ReadyBody = { chunks: [emptyBoxes], total: emptyBoxes.byteLength }

/** True for the name of an EXT-X-GAP entry, as it is listed. */
export function isGapName(file: string): boolean {
  const found = /^g(\d{10,15})\.m4s$/.exec(file)
  return found !== null && file === names.gap(Number(found[1]))
}
