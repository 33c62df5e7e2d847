import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'

/**
 * A box to be written: `size` (32 bits), `type` (4 characters), then its content in order (ISO/IEC 14496-12 §4.2).
 * A tree of these is a value; bytes are made once by `writeBoxes`.
 */
export interface BoxTree {
  readonly type: string
  /** Whole size in bytes, header included. */
  readonly size: number
  readonly content: readonly (Uint8Array | BoxTree)[]
}

/** Throws `too-large` when the box exceeds 32 bits of size. */
export function box(type: string, ...content: readonly (Uint8Array | BoxTree)[]): BoxTree {
  let size = 8
  for (const item of content) size += item instanceof Uint8Array ? item.byteLength : item.size
  if (size > 0xffffffff) throw new MediaError('too-large', `${type}: ${size} bytes in a box`, { structure: type })
  return { type, size, content }
}

/** A box whose content begins with version (8 bits) and flags (24 bits). */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...content: readonly (Uint8Array | BoxTree)[]
): BoxTree {
  return box(
    type,
    fields((writer) => writer.u8(version).u24(flags)),
    ...content,
  )
}

/** Plain fields of a box. */
export function fields(write: (writer: ByteWriter) => ByteWriter): Uint8Array {
  return write(new ByteWriter(64)).finish()
}

/** The boxes one after the other, in one allocation. */
export function writeBoxes(...boxes: readonly BoxTree[]): Uint8Array {
  const out = new Uint8Array(boxes.reduce((sum, item) => sum + item.size, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const item of boxes) at = writeBox(out, view, at, item)
  return out
}

function writeBox(out: Uint8Array, view: DataView, start: number, item: BoxTree): number {
  view.setUint32(start, item.size)
  for (let i = 0; i < 4; i++) out[start + 4 + i] = item.type.charCodeAt(i)
  let at = start + 8
  for (const content of item.content) {
    if (content instanceof Uint8Array) {
      out.set(content, at)
      at += content.byteLength
    } else {
      at = writeBox(out, view, at, content)
    }
  }
  return at
}
