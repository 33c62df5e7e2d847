import { PACKET, SYNC } from './packet.ts'

/** Room for payload in a packet without adaptation field. */
const ROOM = PACKET - 4

export interface PacketizeOptions {
  readonly pid: number
  /** Counter of the packet before; see the result. */
  readonly counter: number
  /** Ticks of 90 kHz, unwrapped. */
  readonly pcr?: number
  /** random_access_indicator: decoding may start here. */
  readonly isRandomAccess?: boolean
}

/**
 * Lays a unit (a PES packet, or a section behind its pointer) into packets of its own; the last one is filled up by its adaptation
 * field.
 * @param pieces follow each other; none for a packet that only carries the clock.
 * @returns packets, and the counter of the last one that has payload.
 */
export function packetize(
  pieces: readonly Uint8Array[],
  { pid, counter, pcr, isRandomAccess = false }: PacketizeOptions,
): { readonly bytes: Uint8Array; readonly counter: number } {
  let left = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const field = pcr === undefined ? (isRandomAccess ? 2 : 0) : 8
  const count = Math.max(1, Math.ceil((left + field) / ROOM))
  const bytes = new Uint8Array(count * PACKET)
  const cursor = { piece: 0, offset: 0 }
  let last = counter
  for (let i = 0, at = 0; i < count; i++, at += PACKET) {
    const isFirst = i === 0
    const hasPayload = left > 0
    const adaptation = Math.max(isFirst ? field : 0, ROOM - left)
    if (hasPayload) last = (last + 1) & 15
    bytes[at] = SYNC
    bytes[at + 1] = (isFirst && hasPayload ? 0x40 : 0) | (pid >> 8)
    bytes[at + 2] = pid & 0xff
    bytes[at + 3] = (adaptation > 0 ? 0x20 : 0) | (hasPayload ? 0x10 : 0) | last
    if (adaptation > 0) writeAdaptation(bytes, at + 4, adaptation, isFirst ? pcr : undefined, isFirst && isRandomAccess)
    const room = ROOM - adaptation
    copy(pieces, cursor, bytes, at + PACKET - room, room)
    left -= room
  }
  return { bytes, counter: last }
}

/** @param size bytes of the whole field, its length byte included. */
function writeAdaptation(
  out: Uint8Array,
  at: number,
  size: number,
  pcr: number | undefined,
  isRandomAccess: boolean,
): void {
  out[at] = size - 1
  if (size === 1) return
  out[at + 1] = (isRandomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10)
  let end = at + 2
  if (pcr !== undefined) {
    // 33 bits of 90 kHz, 6 reserved, 9 bits of 27 MHz, which are 0.
    const base = ((pcr % 2 ** 33) + 2 ** 33) % 2 ** 33
    new DataView(out.buffer).setUint32(end, Math.floor(base / 2))
    out[end + 4] = ((base % 2) << 7) | 0x7e
    out[end + 5] = 0
    end += 6
  }
  out.fill(0xff, end, at + size)
}

/** Copies the next `count` bytes of the pieces. */
function copy(
  pieces: readonly Uint8Array[],
  cursor: { piece: number; offset: number },
  out: Uint8Array,
  to: number,
  count: number,
): void {
  for (let done = 0; done < count; ) {
    const piece = pieces[cursor.piece]
    if (piece === undefined) return
    const part = piece.subarray(cursor.offset, cursor.offset + count - done)
    out.set(part, to + done)
    done += part.byteLength
    cursor.offset += part.byteLength
    if (cursor.offset === piece.byteLength) {
      cursor.piece++
      cursor.offset = 0
    }
  }
}
