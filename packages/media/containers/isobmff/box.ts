import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import { MAX_BOXES } from './limits.ts'

/** A box found in a buffer (ISO/IEC 14496-12 §4.2). */
export interface Box {
  readonly type: string
  /** Offset of its first byte in the buffer that was parsed. */
  readonly start: number
  /** Declared size in bytes, header included. */
  readonly size: number
  /** Offset of its content in the buffer. */
  readonly contentStart: number
  /** View on its content; shorter than declared only where `partial` allowed it. */
  readonly content: Uint8Array
}

/**
 * The boxes beside each other in `bytes`. Sizes of 64 bits, `uuid` types and size 0 (up to the end) are understood. Throws
 * `truncated` when a box runs past the end, `malformed` for a size smaller than its header, `too-large` above `MAX_BOXES`.
 * @param partial allows the last box to run past the end: for the beginning of a fragment without its media.
 */
export function parseBoxes(bytes: Uint8Array, { partial = false }: { readonly partial?: boolean } = {}): Box[] {
  const boxes: Box[] = []
  const reader = new ByteReader(bytes, 'box')
  while (reader.remaining > 0) {
    if (boxes.length === MAX_BOXES) throw new MediaError('too-large', `more than ${MAX_BOXES} boxes`, reader.context())
    const start = reader.offset
    const size32 = reader.u32()
    const type = reader.fourcc()
    const declared = size32 === 1 ? reader.u64() : size32 === 0 ? bytes.byteLength - start : size32
    if (type === 'uuid') reader.skip(16)
    const contentStart = reader.offset
    if (declared < contentStart - start) {
      throw new MediaError('malformed', `${type}: size ${declared} is less than its header`, reader.context(start))
    }
    const missing = start + declared - bytes.byteLength
    if (missing > 0 && !partial) {
      throw new MediaError('truncated', `${type}: ${missing} of ${declared} bytes missing`, reader.context(start))
    }
    const content = reader.bytes(missing > 0 ? reader.remaining : start + declared - contentStart)
    boxes.push({ type, start, size: declared, contentStart, content })
  }
  return boxes
}

/** The first box of that type, if any. */
export function findBox(boxes: readonly Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type)
}

/** The first box of that type. Throws `malformed` when there is none. */
export function needBox(boxes: readonly Box[], type: string, parent: string): Box {
  const box = findBox(boxes, type)
  if (box === undefined) throw new MediaError('malformed', `${parent}: no ${type}`, { structure: parent })
  return box
}

/** Reader behind version and flags of a full box. */
export function openFullBox(box: Box): {
  readonly version: number
  readonly flags: number
  readonly reader: ByteReader
} {
  const reader = new ByteReader(box.content, box.type)
  return { version: reader.u8(), flags: reader.u24(), reader }
}
