import { crc32 } from 'node:zlib'

/** Strong validator (RFC 9110 §8.8.3), quoted. Of the bytes alone, so that it is the same after a restart. */
export function etagOf(bytes: Uint8Array): string {
  return `"${bytes.byteLength.toString(36)}-${crc32(bytes).toString(16).padStart(8, '0')}"`
}
