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
  for (const item of content) size += sizeOf(item)
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

/** Boxes, and bytes between them, one after the other in one allocation. */
export function writeBoxes(...content: readonly (Uint8Array | BoxTree)[]): Uint8Array {
  const out = new Uint8Array(content.reduce((sum, item) => sum + sizeOf(item), 0))
  writeContent(out, new DataView(out.buffer), 0, content)
  return out
}

function writeContent(out: Uint8Array, view: DataView, start: number, content: BoxTree['content']): number {
  let at = start
  for (const item of content) {
    if (item instanceof Uint8Array) {
      out.set(item, at)
      at += item.byteLength
    } else {
      view.setUint32(at, item.size)
      for (let i = 0; i < 4; i++) out[at + 4 + i] = item.type.charCodeAt(i)
      at = writeContent(out, view, at + 8, item.content)
    }
  }
  return at
}

/** Size in bytes of a box or of bytes. */
export function sizeOf(item: Uint8Array | BoxTree): number {
  return item instanceof Uint8Array ? item.byteLength : item.size
}
