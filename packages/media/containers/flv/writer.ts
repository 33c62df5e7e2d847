import { ByteWriter } from '../../bytes/writer.ts'
import { type FlvTag, TagType } from './tag.ts'

/** File header and the first back pointer (annex E.2, E.3). */
export function printFlvHeader(has: { readonly audio: boolean; readonly video: boolean }): Uint8Array {
  const flags = (has.audio ? 4 : 0) | (has.video ? 1 : 0)
  return new ByteWriter(13).ascii('FLV').u8(1).u8(flags).u32(9).u32(0).finish()
}

/** One tag with the back pointer behind it (annex E.4.1). */
export function printFlvTag(tag: FlvTag): Uint8Array {
  const length = tag.body.byteLength
  return new ByteWriter(15 + length)
    .u8(TagType[tag.type])
    .u24(length)
    .u24(tag.timestamp & 0xffffff)
    .u8((tag.timestamp >>> 24) & 0xff)
    .u24(0)
    .bytes(tag.body)
    .u32(11 + length)
    .finish()
}
