import { ByteReader } from '../../bytes/reader.ts'
import { type Box, openFullBox } from './box.ts'

/** `objectTypeIndication` (ISO/IEC 14496-1 table 5) of what is carried in `mp4a`; those of MPEG-1 and 2 are MP3 here. */
export const OBJECT_TYPE = { mpeg4Audio: 0x40, mpeg2Audio: 0x69, mpeg1Audio: 0x6b } as const

/** What `esds` says of a decoder (ISO/IEC 14496-1 §7.2.6.5 to §7.2.6.7). */
export interface Esds {
  /** 0x40 for MPEG-4 audio, 0x6b for MP3, … */
  readonly objectType: number
  /** DecoderSpecificInfo: the AudioSpecificConfig where `objectType` is 0x40. */
  readonly asc?: Uint8Array
}

const ES_DESCRIPTOR = 0x03
const DECODER_CONFIG = 0x04
const DECODER_SPECIFIC = 0x05

/** Throws `truncated`; missing descriptors give object type 0. */
export function parseEsds(box: Box): Esds {
  const es = findDescriptor(openFullBox(box).reader, ES_DESCRIPTOR)
  if (es === undefined) return { objectType: 0 }
  es.skip(2) // ES_ID
  const flags = es.u8()
  if (flags & 0x80) es.skip(2) // dependsOn_ES_ID
  if (flags & 0x40) es.skip(es.u8()) // URL
  if (flags & 0x20) es.skip(2) // OCR_ES_Id
  const config = findDescriptor(es, DECODER_CONFIG)
  if (config === undefined) return { objectType: 0 }
  const objectType = config.u8()
  config.skip(12)
  const asc = findDescriptor(config, DECODER_SPECIFIC)?.rest()
  return asc === undefined ? { objectType } : { objectType, asc }
}

function findDescriptor(reader: ByteReader, tag: number): ByteReader | undefined {
  while (reader.remaining >= 2) {
    const found = reader.u8()
    let size = 0
    // Expandable size (§8.3.3): seven bits a byte, at most four bytes.
    for (let i = 0; i < 4; i++) {
      const byte = reader.u8()
      size = size * 128 + (byte & 0x7f)
      if (byte < 0x80) break
    }
    const content = reader.bytes(size)
    if (found === tag) return new ByteReader(content, 'esds')
  }
  return undefined
}
