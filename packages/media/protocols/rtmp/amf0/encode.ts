import { ByteWriter } from '../../../bytes/writer.ts'
import { MediaError } from '../../../error.ts'
import { AMF0_LIMITS } from './limits.ts'
import { type Amf0Object, type Amf0Value, EcmaArray, Marker } from './value.ts'

const utf8 = new TextEncoder()

/**
 * Encodes values one after the other. Strings above 65 535 bytes become long strings.
 *
 * @throws MediaError `too-large` when nested deeper than `limits.ts` allows or a name is longer than 65 535 bytes.
 */
export function encodeAmf0(values: readonly Amf0Value[]): Uint8Array {
  const writer = new ByteWriter()
  for (const value of values) writeValue(writer, value, 0)
  return writer.finish()
}

function writeValue(writer: ByteWriter, value: Amf0Value, depth: number): void {
  if (depth > AMF0_LIMITS.depth) throw new MediaError('too-large', 'amf0: nested too deep', { structure: 'amf0' })
  if (typeof value === 'number') writer.u8(Marker.number).f64(value)
  else if (typeof value === 'boolean') writer.u8(Marker.boolean).u8(value ? 1 : 0)
  else if (typeof value === 'string') writeString(writer, value)
  else if (value === null) writer.u8(Marker.null)
  else if (value === undefined) writer.u8(Marker.undefined)
  else if (value instanceof Date) writer.u8(Marker.date).f64(value.getTime()).u16(0)
  else if (value instanceof Map) writeFields(writer, value, depth)
  else writeArray(writer, value as readonly Amf0Value[], depth)
}

function writeString(writer: ByteWriter, text: string): void {
  const bytes = utf8.encode(text)
  if (bytes.byteLength > 0xffff) writer.u8(Marker.longString).u32(bytes.byteLength)
  else writer.u8(Marker.string).u16(bytes.byteLength)
  writer.bytes(bytes)
}

function writeFields(writer: ByteWriter, object: Amf0Object, depth: number): void {
  if (object instanceof EcmaArray) writer.u8(Marker.ecmaArray).u32(object.size)
  else writer.u8(Marker.object)
  for (const [name, value] of object) {
    const bytes = utf8.encode(name)
    if (bytes.byteLength > 0xffff) throw new MediaError('too-large', 'amf0: name too long', { structure: 'amf0' })
    writer.u16(bytes.byteLength).bytes(bytes)
    writeValue(writer, value, depth + 1)
  }
  writer.u16(0).u8(Marker.objectEnd)
}

function writeArray(writer: ByteWriter, values: readonly Amf0Value[], depth: number): void {
  writer.u8(Marker.strictArray).u32(values.length)
  for (const value of values) writeValue(writer, value, depth + 1)
}
