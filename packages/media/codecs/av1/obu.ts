import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'

/** `obu_type` of the AV1 specification §6.2.2, those that are told apart here. */
export const OBU = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const

/** An open bitstream unit (§5.3.1) in a buffer. */
export interface Obu {
  readonly type: number
  /** Offset of its header, of its payload, and behind it. */
  readonly start: number
  readonly payload: number
  readonly end: number
  /** It has `obu_size`; one without reaches to the end of the buffer. */
  readonly sized: boolean
}

/** Longest leb128 (§4.10.5). */
const MAX_LEB128 = 8

/** The unit that begins at `at`. Throws `truncated` where it runs past the end, `malformed` for a forbidden bit or an oversized number. */
export function obuAt(data: Uint8Array, at: number): Obu {
  const first = data[at]
  if (first === undefined) throw truncated(at)
  if (first & 0x80) throw malformed('the forbidden bit is set', at)
  let payload = at + (first & 4 ? 2 : 1)
  if (payload > data.byteLength) throw truncated(at)
  const type = (first >> 3) & 15
  if ((first & 2) === 0) return { type, start: at, payload, end: data.byteLength, sized: false }
  let size = 0
  for (let i = 0; ; i++) {
    if (i === MAX_LEB128) throw malformed('a size of more than eight bytes', at)
    const byte = data[payload++]
    if (byte === undefined) throw truncated(at)
    size += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) break
  }
  if (payload + size > data.byteLength) throw truncated(at)
  return { type, start: at, payload, end: payload + size, sized: true }
}

/** The unit with `obu_size`; itself where it has that already. */
export function withObuSize(data: Uint8Array, obu: Obu = obuAt(data, 0)): Uint8Array {
  if (obu.sized) return data.subarray(obu.start, obu.end)
  const header = data.slice(obu.start, obu.payload)
  header[0] = (header[0] ?? 0) | 2
  return concatBytes([header, leb128(obu.end - obu.payload), data.subarray(obu.payload, obu.end)])
}

/** Unsigned number in seven bits a byte, the lowest first (§4.10.5). */
export function leb128(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  do {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return Uint8Array.from(bytes)
}

function truncated(offset: number): MediaError {
  return new MediaError('truncated', `av1: unit at offset ${offset} runs past the end`, { offset, structure: 'obu' })
}

function malformed(what: string, offset: number): MediaError {
  return new MediaError('malformed', `av1: ${what}`, { offset, structure: 'obu' })
}
