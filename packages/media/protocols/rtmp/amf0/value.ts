/**
 * AMF0 values (Action Message Format 0, 2006). Objects are Maps: names come from the wire, and a Map has no prototype
 * to pollute. Typed objects lose their class name, XML documents become strings.
 */
export type Amf0Value = number | boolean | string | null | undefined | Date | Amf0Object | readonly Amf0Value[]

/** An AMF0 object or ECMA array; `EcmaArray` tells the two apart, readers need not. */
export type Amf0Object = ReadonlyMap<string, Amf0Value>

/** An ECMA array (§2.10): the same as an object but for its marker. `onMetaData` usually is one. */
export class EcmaArray extends Map<string, Amf0Value> {}

/** Builds an AMF0 object from a literal. */
export function amf0Object(fields: Readonly<Record<string, Amf0Value>>): Map<string, Amf0Value> {
  return new Map(Object.entries(fields))
}

/** True for both kinds of object. */
export function isAmf0Object(value: Amf0Value): value is Amf0Object {
  return value instanceof Map
}

/** The string at `name`, or an empty one where it is missing or of another type. */
export function stringField(object: Amf0Value, name: string): string {
  const value = isAmf0Object(object) ? object.get(name) : undefined
  return typeof value === 'string' ? value : ''
}

/** Markers of §2.1. */
export const Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  amf3: 0x11,
} as const
