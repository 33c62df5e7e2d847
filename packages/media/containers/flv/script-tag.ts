import { decodeAmf0 } from '../../protocols/rtmp/amf0/decode.ts'
import { encodeAmf0 } from '../../protocols/rtmp/amf0/encode.ts'
import { type Amf0Object, isAmf0Object } from '../../protocols/rtmp/amf0/value.ts'

/** Fields of `onMetaData` from a script tag's body (annex E.4.4), `undefined` for any other script data. @throws MediaError as `decodeAmf0`. */
export function parseOnMetaData(body: Uint8Array): Amf0Object | undefined {
  const [name, fields] = decodeAmf0(body)
  return name === 'onMetaData' && isAmf0Object(fields) ? fields : undefined
}

/** A script tag's body; give an `EcmaArray`, which is what the specification asks for. */
export function printOnMetaData(fields: Amf0Object): Uint8Array {
  return encodeAmf0(['onMetaData', fields])
}
