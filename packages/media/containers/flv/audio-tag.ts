import { ByteReader } from '../../bytes/reader.ts'

/**
 * Body of an audio tag (Adobe Video File Format 10.1, E.4.2).
 *
 * ```
 * classic:   | format 4 | rate 2 | size 1 | type 1 | AAC packet type 8 | data |
 * enhanced:  | 9 | packet type 4 | FourCC 32 | data |
 * ```
 * For AAC rate, size and type say nothing; the AudioSpecificConfig does.
 */
export type AudioTag =
  /** AudioSpecificConfig. */
  | { readonly kind: 'config'; readonly codec: 'aac'; readonly data: Uint8Array }
  /** One raw_data_block. */
  | { readonly kind: 'frame'; readonly codec: 'aac'; readonly data: Uint8Array }
  /** End of sequence, channel layouts. */
  | { readonly kind: 'info' }
  /** A codec that is not spoken here; `codec` is its name for people. */
  | { readonly kind: 'unsupported'; readonly codec: string }

const AAC = 10
const ENHANCED = 9

const classicNames: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 µ-law',
  11: 'Speex',
  13: 'Opus',
  14: 'MP3',
}
const fourCcNames: Readonly<Record<string, string>> = {
  Opus: 'Opus',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

/** Payloads are views. @throws MediaError `truncated`. */
export function parseAudioTag(body: Uint8Array): AudioTag {
  const reader = new ByteReader(body, 'flv.audio')
  const first = reader.u8()
  const format = first >> 4
  if (format === ENHANCED) return parseEnhanced(reader, first & 15)
  if (format !== AAC) return { kind: 'unsupported', codec: classicNames[format] ?? `FLV audio format ${format}` }
  const kind = reader.u8() === 0 ? 'config' : 'frame'
  return { kind, codec: 'aac', data: reader.rest() }
}

/** ExAudioTagHeader of Enhanced RTMP v2. */
function parseEnhanced(reader: ByteReader, packetType: number): AudioTag {
  const fourCc = reader.fourcc()
  if (fourCc !== 'mp4a') {
    return { kind: 'unsupported', codec: fourCcNames[fourCc] ?? `FourCC ${fourCc.replaceAll(/[^\x20-\x7e]/g, '?')}` }
  }
  if (packetType === 0) return { kind: 'config', codec: 'aac', data: reader.rest() }
  if (packetType === 1) return { kind: 'frame', codec: 'aac', data: reader.rest() }
  if (packetType === 2 || packetType === 4) return { kind: 'info' }
  return { kind: 'unsupported', codec: 'multitrack audio' }
}

/** Classic AAC body; rate, size and type as the specification wants them for AAC (3, 1, 1). */
export function printAudioTag(tag: Extract<AudioTag, { codec: 'aac' }>): Uint8Array {
  const body = new Uint8Array(2 + tag.data.byteLength)
  body[0] = 0xaf
  body[1] = tag.kind === 'config' ? 0 : 1
  body.set(tag.data, 2)
  return body
}
