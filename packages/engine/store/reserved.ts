import { crc32 } from 'node:zlib'

/**
 * The newest reservation, in a file that does not grow: a broadcast reserves a few times a minute, for months. Two slots of
 * 32 bytes, big endian, at 0 and at 512; the older one is written over, so that a torn write leaves the other.
 *
 *      0  CRC-32 of bytes 4..31 (4)
 *      4  flags (2): 1 shown | format version (2)
 *      8  how often a slot was written (8)
 *     16  highest media sequence number (8)
 *     24  highest part number (8)
 */
export const RESERVED_VERSION = 1
export const RESERVED_BYTES = 512 + 32
const SLOT_BYTES = 32
const SHOWN = 1

export interface Reserved {
  readonly msn: number
  readonly part: number
  /** How often a slot was written. */
  readonly count: number
  /**
   * Viewers were shown segments that are not recorded, up to `msn` at most: the process stopped in order, or said so when the
   * disk did not take them. Otherwise the numbers are reserved ahead, and what was shown was recorded.
   */
  readonly isShown: boolean
}

/** A slot and where it goes. */
export function writeReserved(reserved: Reserved): { readonly bytes: Uint8Array; readonly position: number } {
  const bytes = new Uint8Array(SLOT_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint16(4, reserved.isShown ? SHOWN : 0)
  view.setUint16(6, RESERVED_VERSION)
  view.setBigUint64(8, BigInt(reserved.count))
  view.setBigUint64(16, BigInt(reserved.msn))
  view.setBigUint64(24, BigInt(reserved.part))
  view.setUint32(0, crc32(bytes.subarray(4)))
  return { bytes, position: (reserved.count % 2) * 512 }
}

/** The newest whole slot of the file. Never throws. */
export function parseReserved(bytes: Uint8Array): Reserved | undefined {
  const slots = [0, 512].flatMap((at) => {
    if (at + SLOT_BYTES > bytes.byteLength) return []
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, SLOT_BYTES)
    if (view.getUint32(0) !== crc32(bytes.subarray(at + 4, at + SLOT_BYTES))) return []
    if (view.getUint16(6) !== RESERVED_VERSION) return []
    const isShown = (view.getUint16(4) & SHOWN) !== 0
    const [count, msn, part] = [8, 16, 24].map((place) => Number(view.getBigUint64(place)))
    if (!Number.isSafeInteger(count) || !Number.isSafeInteger(msn) || !Number.isSafeInteger(part)) return []
    return [{ count, msn, part, isShown } as Reserved]
  })
  return slots.sort((a, b) => b.count - a.count)[0]
}
