import { ByteReader } from '../../../bytes/reader.ts'
import { MediaError } from '../../../error.ts'
import { AMF0_LIMITS } from './limits.ts'
import { type Amf0Value, EcmaArray, Marker } from './value.ts'

const utf8 = new TextDecoder()

/**
 * Decodes all AMF0 values of `data`, one after the other, as commands and script data carry them.
 *
 * @throws MediaError `truncated`, `malformed`, `unsupported` (references, AMF3 values) or `too-large` (nesting, number of
 *   values, bytes: see `limits.ts`).
 */
export function decodeAmf0(data: Uint8Array): Amf0Value[] {
  if (data.byteLength > AMF0_LIMITS.bytes) {
    throw new MediaError('too-large', `amf0: ${data.byteLength} bytes, at most ${AMF0_LIMITS.bytes}`, {
      structure: 'amf0',
    })
  }
  const reader = new ByteReader(data, 'amf0')
  const budget = { values: AMF0_LIMITS.values }
  const values: Amf0Value[] = []
  while (reader.remaining > 0) values.push(decodeValue(reader, 0, budget))
  return values
}

function decodeValue(reader: ByteReader, depth: number, budget: { values: number }): Amf0Value {
  const at = reader.offset
  if (depth > AMF0_LIMITS.depth) throw new MediaError('too-large', 'amf0: nested too deep', reader.context(at))
  if (--budget.values < 0) throw new MediaError('too-large', 'amf0: too many values', reader.context(at))
  const marker = reader.u8()
  switch (marker) {
    case Marker.number:
      return reader.f64()
    case Marker.boolean:
      return reader.u8() !== 0
    case Marker.string:
      return utf8.decode(reader.bytes(reader.u16()))
    case Marker.longString:
    case Marker.xmlDocument:
      return utf8.decode(reader.bytes(reader.u32()))
    case Marker.null:
      return null
    case Marker.undefined:
    case Marker.unsupported:
      return undefined
    case Marker.object:
      return decodeFields(reader, new Map(), depth, budget)
    case Marker.typedObject:
      reader.skip(reader.u16())
      return decodeFields(reader, new Map(), depth, budget)
    case Marker.ecmaArray:
      // The count is a hint (§2.10): Flash Media Live Encoder and others write 0. The end marker decides.
      reader.skip(4)
      return decodeFields(reader, new EcmaArray(), depth, budget)
    case Marker.strictArray:
      return decodeStrictArray(reader, depth, budget)
    case Marker.date: {
      const milliseconds = reader.f64()
      reader.skip(2) // Time zone: reserved, "should be 0" (§2.13).
      return new Date(milliseconds)
    }
    case Marker.reference:
    case Marker.amf3:
      throw new MediaError(
        'unsupported',
        `amf0: ${marker === Marker.amf3 ? 'AMF3 value' : 'reference'}`,
        reader.context(at),
      )
    default:
      throw new MediaError('malformed', `amf0: unknown marker ${marker}`, reader.context(at))
  }
}

function decodeFields<M extends Map<string, Amf0Value>>(
  reader: ByteReader,
  fields: M,
  depth: number,
  budget: { values: number },
): M {
  for (;;) {
    // Some encoders end a top-level ECMA array with the message instead of the end marker.
    if (reader.remaining === 0 && depth === 0 && fields instanceof EcmaArray) return fields
    const name = utf8.decode(reader.bytes(reader.u16()))
    if (name === '' && reader.data[reader.offset] === Marker.objectEnd) {
      reader.skip(1)
      return fields
    }
    fields.set(name, decodeValue(reader, depth + 1, budget))
  }
}

function decodeStrictArray(reader: ByteReader, depth: number, budget: { values: number }): Amf0Value[] {
  const at = reader.offset
  const count = reader.u32()
  // Each value takes a byte at least, so a count beyond the rest is a lie, found before anything is allocated.
  if (count > reader.remaining) throw new MediaError('truncated', `amf0: array of ${count} values`, reader.context(at))
  const values: Amf0Value[] = []
  for (let i = 0; i < count; i++) values.push(decodeValue(reader, depth + 1, budget))
  return values
}
